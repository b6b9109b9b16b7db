import { createRequire } from "node:module";
import { Resvg } from "@resvg/resvg-js";

export interface ChartBar {
  /** `2026-03-09` */
  readonly day: string;
  readonly value: number;
}

export interface ChartOptions {
  readonly title: string;
  readonly color: string;
  format(value: number): string;
}

const WIDTH = 560;
const HEIGHT = 180;
const LEFT = 56;
const TOP = 34;
const BOTTOM = 24;
const PLOT_HEIGHT = HEIGHT - TOP - BOTTOM;
/** Screens with two pixels for one. */
const ZOOM = 2;
/** A label each Monday. */
const LABEL_EVERY = 7;

/** Bars by day as a PNG, because mail programs show neither SVG nor scripts. The font comes along: a server may have none. */
export function chartPng(bars: readonly ChartBar[], options: ChartOptions): Buffer {
  const fontFile = createRequire(import.meta.url).resolve("dejavu-fonts-ttf/ttf/DejaVuSans.ttf");
  const image = new Resvg(chartSvg(bars, options), {
    fitTo: { mode: "zoom", value: ZOOM },
    font: { fontFiles: [fontFile], loadSystemFonts: false, defaultFontFamily: "DejaVu Sans" },
  });
  return image.render().asPng();
}

/** Bars start at zero; the axis says the highest value. */
export function chartSvg(bars: readonly ChartBar[], { title, color, format }: ChartOptions): string {
  const highest = Math.max(0, ...bars.map(({ value }) => value));
  const step = (WIDTH - LEFT) / Math.max(1, bars.length);
  const yOf = (value: number): number => TOP + PLOT_HEIGHT * (1 - (highest === 0 ? 0 : value / highest));
  const line = (value: number): string =>
    `<line x1="${LEFT}" x2="${WIDTH}" y1="${yOf(value)}" y2="${yOf(value)}" stroke="#d4d4d4"/>` +
    `<text x="${LEFT - 6}" y="${yOf(value) + 4}" text-anchor="end" font-size="11">${escapeXml(format(value))}</text>`;
  const drawn = bars.map(({ day, value }, index) => {
    const x = LEFT + index * step;
    const label =
      index % LABEL_EVERY === 0
        ? `<text x="${x}" y="${HEIGHT - 8}" font-size="11">${escapeXml(day.slice(5))}</text>`
        : "";
    return `<rect x="${x + 1}" y="${yOf(value)}" width="${Math.max(1, step - 2)}" height="${TOP + PLOT_HEIGHT - yOf(value)}" fill="${color}"/>${label}`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}" font-family="DejaVu Sans" fill="#333">
<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/><text x="0" y="16" font-size="13" font-weight="bold">${escapeXml(title)}</text>
${highest === 0 ? "" : line(highest)}${line(0)}${drawn.join("")}</svg>`;
}

export function escapeXml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
