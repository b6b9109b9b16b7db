import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { build, stop } from "esbuild";
import { type RequestHandler, Router } from "express";

/** Nothing but this origin's own files: no inline script, no other host, no frame around it. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const SOURCE = fileURLToPath(new URL("../panel/", import.meta.url));
const OLDEST_BROWSERS = ["chrome109", "firefox115", "safari16.4"];
const compress = promisify(gzip);

interface PanelFile {
  readonly type: string;
  readonly plain: Buffer;
  readonly compressed: Buffer;
}

/** Paths and files; the page at `/` names the others by their content's hash. */
type PanelFiles = ReadonlyMap<string, PanelFile>;

export interface Panel {
  /** The page at `/`, and what belongs to it. */
  readonly router: Router;
  /** Builds it ahead of the first visit, which would wait for it otherwise: some hundred milliseconds. */
  build(): Promise<void>;
}

/** The panel, built into memory once. */
export function openPanel(): Panel {
  let files: Promise<PanelFiles> | null = null;
  const built = (): Promise<PanelFiles> => {
    files ??= buildPanel().catch((error: unknown) => {
      // Asked again, it is tried again: the next answer may be better than this one.
      files = null;
      throw error;
    });
    return files;
  };
  const serve: RequestHandler = async (request, response, next) => {
    const file = (await built()).get(request.path);
    if (file === undefined) return next();
    const isPage = request.path === "/";
    const isCompressed = request.acceptsEncodings("gzip") === "gzip";
    response.set({
      "content-security-policy": CONTENT_SECURITY_POLICY,
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      "cross-origin-opener-policy": "same-origin",
      "cache-control": isPage ? "no-cache" : "public, max-age=31536000, immutable",
      "content-type": file.type,
      vary: "accept-encoding",
      ...(isCompressed ? { "content-encoding": "gzip" } : {}),
    });
    response.send(isCompressed ? file.compressed : file.plain);
  };
  const router = Router();
  router.get(["/", "/panel/:file"], serve);
  return {
    router,
    async build() {
      await built();
    },
  };
}

async function buildPanel(): Promise<PanelFiles> {
  const built = await build({
    absWorkingDir: SOURCE,
    entryPoints: ["main.tsx", "panel.css", "icon.svg"],
    outdir: SOURCE,
    bundle: true,
    write: false,
    minify: true,
    format: "esm",
    target: OLDEST_BROWSERS,
    jsx: "automatic",
    jsxImportSource: "preact",
    loader: { ".svg": "copy" },
    logLevel: "silent",
  });
  // Ends the compiler's process: there is nothing more to build.
  await stop();
  const files = new Map<string, PanelFile>();
  const add = async (path: string, type: string, plain: Buffer): Promise<string> => {
    files.set(path, { type, plain, compressed: await compress(plain) });
    return path;
  };
  const addBuilt = (ending: string, type: string): Promise<string> => {
    const file = built.outputFiles.find(({ path }) => path.endsWith(ending));
    if (file === undefined) throw new Error(`the panel's build made no ${ending} file`);
    return add(`/panel/${hashOf(file.contents)}${ending}`, type, Buffer.from(file.contents));
  };
  const page = pageOf({
    script: await addBuilt(".js", "text/javascript; charset=utf-8"),
    style: await addBuilt(".css", "text/css; charset=utf-8"),
    icon: await addBuilt(".svg", "image/svg+xml"),
  });
  await add("/", "text/html; charset=utf-8", Buffer.from(page));
  return files;
}

function hashOf(contents: Uint8Array): string {
  return createHash("sha256").update(contents).digest("hex").slice(0, 16);
}

function pageOf({ script, style, icon }: { script: string; style: string; icon: string }): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Vigor</title>
<link rel="icon" href="${icon}" type="image/svg+xml">
<link rel="stylesheet" href="${style}">
<script type="module" src="${script}"></script>
</head>
<body><div id="panel"></div><noscript>The panel needs JavaScript; the API below /api does not.</noscript></body>
</html>
`;
}
