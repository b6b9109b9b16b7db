import { usdFromNano } from "../../models/domain/money.ts";
import { chartPng, escapeXml } from "./weekly-chart.ts";

/** A week in numbers. Money in nano-dollars; null = not known. */
export interface WeekSummary {
  readonly spend: number;
  readonly spend_before: number | null;
  readonly requests: number;
  readonly requests_before: number | null;
  readonly active: number | null;
  readonly mrr: number | null;
  readonly margin: number | null;
  readonly saved: number | null;
  readonly forecast: number | null;
  readonly alerts: number;
  readonly acts: number;
  /** 0 to 1. */
  readonly simulated_share: number;
}

export interface WeekDay {
  readonly day: string;
  readonly cost: number;
  readonly users: number;
}

export interface WeeklyMail {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  /** Shown in the text by their `cid`. */
  readonly images: readonly { readonly filename: string; readonly cid: string; readonly content: Buffer }[];
}

export interface MailFacts {
  readonly monday: string;
  readonly summary: WeekSummary;
  readonly days: readonly WeekDay[];
  readonly reportsUrl: string | null;
}

/** The same in HTML with pictures and in plain text. */
export function weeklyMail({ monday, summary, days, reportsUrl }: MailFacts): WeeklyMail {
  const rows = rowsOf(summary);
  const isSimulated = summary.simulated_share > 0;
  const mark = isSimulated ? "SIMULATED " : "";
  const note = "These numbers come, in part or as a whole, from a simulation: no money was spent.";
  const images = [
    imageOf(
      "spend",
      "AI spend a day",
      days.map(({ day, cost }) => ({ day, value: usdFromNano(cost) })),
      usd,
    ),
    imageOf(
      "users",
      "Active users a day",
      days.map(({ day, users }) => ({ day, value: users })),
      count,
    ),
  ];
  const table = rows
    .map(
      ([name, value, change]) =>
        `<tr><td style="padding:4px 24px 4px 0">${name}</td><td style="padding:4px 16px 4px 0;text-align:right"><b>${value}</b></td><td style="padding:4px 0;color:#666">${change}</td></tr>`,
    )
    .join("");
  const link = reportsUrl === null ? "" : `<p><a href="${escapeXml(reportsUrl)}">All reports</a></p>`;
  return {
    subject: `[Vigor] ${mark}The week from ${monday}: ${usd(usdFromNano(summary.spend))}`,
    text: [
      `The week from ${monday}`,
      ...(isSimulated ? [`SIMULATED: ${note}`] : []),
      ...rows.map(([name, value, change]) => `${name}: ${value}${change === "" ? "" : ` (${change})`}`),
      ...(reportsUrl === null ? [] : [`All reports: ${reportsUrl}`]),
    ].join("\n"),
    html: `<div style="font:15px/1.5 system-ui,sans-serif;color:#222;max-width:600px"><h1 style="font-size:20px">The week from ${monday}</h1>
${isSimulated ? `<p style="border-left:4px solid #e69f00;padding-left:8px"><b>SIMULATED</b> ${note}</p>` : ""}
<table style="border-collapse:collapse">${table}</table>
${images.map(({ cid, alt }) => `<p><img src="cid:${cid}" width="560" alt="${alt}"></p>`).join("")}${link}</div>`,
    images: images.map(({ alt: _alt, ...image }) => image),
  };
}

/** Name, value, change. */
function rowsOf(summary: WeekSummary): [string, string, string][] {
  const money = (nano: number | null): string => (nano === null ? "not known" : usd(usdFromNano(nano)));
  return [
    ["AI spend", money(summary.spend), changeOf(summary.spend, summary.spend_before)],
    [
      "Expected in the next 7 days",
      money(summary.forecast === null ? null : Math.round(summary.forecast)),
      "",
    ],
    ["Saved by routing and cache", money(summary.saved), ""],
    ["Requests", count(summary.requests), changeOf(summary.requests, summary.requests_before)],
    ["Active users", summary.active === null ? "not known" : count(summary.active), ""],
    ["Monthly recurring revenue", money(summary.mrr), ""],
    [
      "Gross margin, 30 days",
      summary.margin === null ? "not known" : `${(summary.margin * 100).toFixed(1)} %`,
      "",
    ],
    ["Alerts", count(summary.alerts), ""],
    ["Instructions of the automation", count(summary.acts), ""],
  ];
}

function changeOf(now: number, before: number | null): string {
  if (before === null || before === 0) return "";
  const change = (now / before - 1) * 100;
  return `${change >= 0 ? "+" : "−"}${Math.abs(change).toFixed(1)} % against the week before`;
}

function imageOf(
  cid: string,
  title: string,
  bars: { day: string; value: number }[],
  format: (value: number) => string,
) {
  const content = chartPng(bars, { title, color: cid === "spend" ? "#0072B2" : "#009E73", format });
  return { filename: `${cid}.png`, cid: `${cid}@vigor`, content, alt: title };
}

function usd(value: number): string {
  return value.toLocaleString("en-US", { style: "currency", currency: "USD" });
}

function count(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}
