/** A Markdown table whose columns line up, as the formatter wants it. The first column is text, the others are numbers unless `texts` names them. */
export function markdownTable(rows: readonly (readonly string[])[], texts: readonly number[] = []): string {
  const [headings = [], ...body] = rows;
  const isText = (column: number): boolean => column === 0 || texts.includes(column);
  const widths = headings.map((_, column) => Math.max(3, ...rows.map((row) => (row[column] ?? "").length)));
  const line = (row: readonly string[]): string =>
    `| ${widths
      .map((width, column) => {
        const cell = row[column] ?? "";
        const padding = " ".repeat(width - cell.length);
        return isText(column) ? cell + padding : padding + cell;
      })
      .join(" | ")} |`;
  const rule = `| ${widths.map((width, column) => (isText(column) ? "-".repeat(width) : `${"-".repeat(width - 1)}:`)).join(" | ")} |`;
  return [line(headings), rule, ...body.map(line)].join("\n");
}

const blocks = /(<!-- results: (\S+) -->\n)[\s\S]*?(<!-- end of results -->)/g;

/** The document with every marked block replaced by what `render` makes of its name. */
export function replaceBlocks(document: string, render: (name: string) => string): string {
  return document.replaceAll(
    blocks,
    (_, start: string, name: string, end: string) => `${start}\n${render(name)}\n\n${end}`,
  );
}
