import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";

/** An HTTP server that keeps what is posted to it, and answers as it is told. */
export async function startHttpSink() {
  const received: { readonly path: string; readonly body: unknown }[] = [];
  let status = 200;
  const server = createHttpServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      received.push({ path: request.url ?? "", body: JSON.parse(Buffer.concat(parts).toString("utf8")) });
      response.writeHead(status).end();
    });
  });
  const port = await listen(server);
  return {
    url: `http://127.0.0.1:${port}`,
    received,
    answer: (next: number) => {
      status = next;
    },
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}

/** As much of an SMTP server (RFC 5321) as it takes to be sent a mail. */
export async function startSmtpSink() {
  const mails: { readonly to: string[]; readonly data: string }[] = [];
  const server = createServer((socket) => talk(socket, mails));
  const port = await listen(server);
  return {
    url: `smtp://127.0.0.1:${port}`,
    mails,
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}

function talk(socket: Socket, mails: { to: string[]; data: string }[]): void {
  let buffer = "";
  let to: string[] = [];
  let inData = false;
  const say = (line: string): void => {
    socket.write(`${line}\r\n`);
  };
  say("220 sink ESMTP");
  socket.setEncoding("utf8");
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk: string) => {
    buffer += chunk;
    for (;;) {
      const end = inData ? buffer.indexOf("\r\n.\r\n") : buffer.indexOf("\r\n");
      if (end < 0) return;
      const text = buffer.slice(0, end);
      buffer = buffer.slice(end + (inData ? 5 : 2));
      if (inData) {
        mails.push({ to, data: text });
        to = [];
        inData = false;
        say("250 taken");
        continue;
      }
      const verb = text.slice(0, 4).toUpperCase();
      if (verb === "RCPT") to.push(/<([^>]*)>/.exec(text)?.[1] ?? "");
      if (verb === "DATA") inData = true;
      say(verb === "DATA" ? "354 go on" : verb === "QUIT" ? "221 bye" : "250 fine");
    }
  });
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const address: AddressInfo | string | null = server.address();
      resolve(address !== null && typeof address === "object" ? address.port : 0);
    });
  });
}
