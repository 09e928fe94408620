/** Text that is safe inside an element or an attribute. */
export function escape(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

/** One element: attributes that are undefined are left out. */
export function element(
  name: string,
  attributes: Readonly<Record<string, string | number | undefined>>,
  ...children: readonly string[]
): string {
  const list = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(
      ([key, value]) =>
        ` ${key}="${escape(typeof value === "number" ? String(Math.round(value * 100) / 100) : String(value))}"`,
    )
    .join("");
  return children.length === 0 ? `<${name}${list}/>` : `<${name}${list}>${children.join("")}</${name}>`;
}

export function label(
  x: number,
  y: number,
  text: string,
  options: { readonly anchor?: "start" | "middle" | "end"; readonly kind?: "title" | "note" | "value" } = {},
): string {
  return element(
    "text",
    { x, y, "text-anchor": options.anchor ?? "start", class: options.kind },
    escape(text),
  );
}

/** A whole picture. Its colours follow the reader's light or dark scheme, since it has no page around it to ask. */
export function picture(width: number, height: number, title: string, parts: readonly string[]): string {
  const style = `
    text { font: 12px system-ui, sans-serif; fill: #24292f; }
    .title { font-size: 14px; font-weight: 600; }
    .note { fill: #6e7781; font-size: 11px; }
    .value { font-variant-numeric: tabular-nums; }
    .axis { stroke: #8c959f; stroke-width: 1; }
    .grid { stroke: #d0d7de; stroke-width: 1; }
    .target { stroke: #cf222e; stroke-width: 1.5; stroke-dasharray: 4 3; }
    .ours { fill: #0969da; } .other { fill: #afb8c1; }
    .line { fill: none; stroke: #0969da; stroke-width: 2; } .line.second { stroke: #bc4c00; }
    .dot { fill: #0969da; } .dot.second { fill: #bc4c00; } .band { fill: #0969da; opacity: 0.15; }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3; } .note { fill: #8d96a0; }
      .axis { stroke: #6e7681; } .grid { stroke: #30363d; } .other { fill: #484f58; }
      .ours, .dot, .band { fill: #4493f8; } .line { stroke: #4493f8; }
      .line.second { stroke: #db6d28; } .dot.second { fill: #db6d28; }
    }`;
  return `${element(
    "svg",
    { xmlns: "http://www.w3.org/2000/svg", viewBox: `0 0 ${width} ${height}`, width, height, role: "img" },
    element("title", {}, escape(title)),
    element("style", {}, style),
    ...parts,
  )}\n`;
}
