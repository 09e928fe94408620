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
  options: {
    readonly anchor?: "start" | "middle" | "end";
    /** Classes of the style below. */
    readonly kind?: string;
  } = {},
): string {
  return element(
    "text",
    { x, y, "text-anchor": options.anchor ?? "start", class: options.kind },
    escape(text),
  );
}

/**
 * A whole picture. Its colours follow the reader's light or dark scheme, and it brings its own background, since it
 * does not know which one the page around it has.
 */
export function picture(width: number, height: number, title: string, parts: readonly string[]): string {
  const style = `
    text { font: 12px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; fill: #24292f; }
    .title { font-size: 15px; font-weight: 600; }
    .heading { font-size: 12.5px; font-weight: 600; }
    .note { fill: #59636e; font-size: 11px; }
    .value { font-size: 11px; font-variant-numeric: tabular-nums; }
    .value { paint-order: stroke; stroke: #ffffff; stroke-width: 4px; stroke-linejoin: round; }
    .ground { fill: #ffffff; stroke: #d1d9e0; }
    .axis { stroke: #818b98; stroke-width: 1; }
    .grid { stroke: #e5e9ee; stroke-width: 1; }
    .ours { fill: #0969da; } .other { fill: #b6bfc9; }
    .line { fill: none; stroke-width: 2; stroke-linejoin: round; } .band { opacity: 0.16; }
    .line.first { stroke: #0969da; } .dot.first, .band.first, .mark.first { fill: #0969da; }
    .line.second { stroke: #bc4c00; } .dot.second, .band.second, .mark.second { fill: #bc4c00; }
    @media (prefers-color-scheme: dark) {
      text { fill: #f0f6fc; } .note { fill: #9198a1; } .value { stroke: #0d1117; }
      .ground { fill: #0d1117; stroke: #3d444d; }
      .axis { stroke: #656c76; } .grid { stroke: #21262d; } .other { fill: #4d5663; }
      .ours, .dot.first, .band.first, .mark.first { fill: #4493f8; } .line.first { stroke: #4493f8; }
      .line.second { stroke: #e3813a; } .dot.second, .band.second, .mark.second { fill: #e3813a; }
      .band { opacity: 0.24; }
    }`;
  return `${element(
    "svg",
    { xmlns: "http://www.w3.org/2000/svg", viewBox: `0 0 ${width} ${height}`, width, height, role: "img" },
    element("title", {}, escape(title)),
    element("style", {}, style),
    element("rect", { x: 0.5, y: 0.5, width: width - 1, height: height - 1, rx: 6, class: "ground" }),
    ...parts,
  )}\n`;
}
