import { existsSync, statSync } from "node:fs";
import { extname, join, normalize } from "node:path";
import { type RequestHandler, Router } from "express";
import { PublicError } from "../../models/domain/errors.ts";
import { allSites, currentSite } from "./releases.ts";

/**
 * The pages start themselves by an inline script, keep their tables in a database compiled to WebAssembly, and draw with inline styles;
 * but nothing is loaded from, or sent to, anywhere else.
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval' 'unsafe-eval' blob:",
  "worker-src 'self' blob:",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self' data:",
  "connect-src 'self' data: blob:",
  "manifest-src 'self'",
  "base-uri 'self'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** Their names change with their content. */
const IMMUTABLE = /^_app\/immutable\//;
const YEAR_SECONDS = 31_536_000;

export interface ReportFilesOptions {
  readonly dataDir: string;
  /** Rejects with a {@link PublicError} when whoever asks may not see the reports. */
  readonly guard: RequestHandler;
}

/** `/reports/`: the release in force, for those who may see it. */
export function reportFiles({ dataDir, guard }: ReportFilesOptions): Router {
  const router = Router({ strict: true });
  router.use("/reports", async (request, response, next) => {
    response.set({
      "content-security-policy": CONTENT_SECURITY_POLICY,
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      "cross-origin-opener-policy": "same-origin",
      vary: "accept-encoding, cookie",
    });
    try {
      await guard(request, response, next);
    } catch (error) {
      if (!(error instanceof PublicError) || request.accepts(["json", "html"]) !== "html") throw error;
      response.status(error.status).type("html").send(signInPage(request.originalUrl));
    }
  });
  // Links on the pages are relative to a directory.
  router.get("/reports", (_request, response) => response.redirect(308, "/reports/"));
  router.get("/reports/*path", serve(dataDir));
  router.get("/reports/", serve(dataDir));
  return router;
}

function serve(dataDir: string): RequestHandler {
  return async (request, response, next) => {
    const path = decodeURIComponent(request.path).slice("/reports".length);
    const found = await find(dataDir, path);
    if (found === null) {
      if (existsSync(currentSite(dataDir))) return next();
      response.status(404).type("html").send(NOT_BUILT);
      return;
    }
    const { site, file } = found;
    const isCompressed = request.acceptsEncodings("gzip") === "gzip" && isFile(join(site, `${file}.gz`));
    response.set({
      "cache-control": IMMUTABLE.test(file)
        ? `private, max-age=${YEAR_SECONDS}, immutable`
        : "private, no-cache",
      ...(isCompressed ? { "content-encoding": "gzip" } : {}),
    });
    response.type(extname(file) === "" ? "application/octet-stream" : extname(file));
    response.sendFile(isCompressed ? `${file}.gz` : file, { root: site, cacheControl: false }, next);
  };
}

interface FoundFile {
  readonly site: string;
  /** Below the site. */
  readonly file: string;
}

/** In the release in force, or, as long as they are kept, in an older one that somebody still looks at; null: nowhere. */
async function find(dataDir: string, path: string): Promise<FoundFile | null> {
  const file = normalize(path).replace(/^\/+/, "");
  if (file.includes("\0") || file.split("/").includes("..")) return null;
  const site = currentSite(dataDir);
  const page = [file, `${file}.html`, join(file, "index.html")].find((name) => isFile(join(site, name)));
  if (page !== undefined) return { site, file: page };
  if (!IMMUTABLE.test(file) && !file.startsWith("data/")) return null;
  const older = (await allSites(dataDir)).find((other) => isFile(join(other, file)));
  return older === undefined ? null : { site: older, file };
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

/** Same-site cookies are not sent when the page is opened from a mail; a click on the page itself is the user's own. */
function signInPage(url: string): string {
  const target = url.replaceAll(/[^\w/.?=&%-]/g, "");
  return page(
    "Sign in to see the reports",
    `<p><a href="${target}">Open the reports</a>, if you are signed in at the panel. If not, <a href="/">sign in</a> first: a viewer's token is enough.</p>`,
  );
}

const NOT_BUILT = page(
  "The reports are not built yet",
  "<p>Run <code>npm run reports</code> on the machine that runs Vigor. The first time it installs what it needs; after that, they are built anew every day by themselves.</p>",
);

function page(title: string, body: string): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title><style>body{font:16px/1.5 system-ui,sans-serif;max-width:40rem;margin:15vh auto;padding:0 1rem;color-scheme:light dark}</style></head>
<body><h1>${title}</h1>${body}</body></html>`;
}
