import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { IncomingMessage, RequestListener, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname } from "node:path";

const contentTypes: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** An HTTP server that serves the files of one folder, `index.html` at `/`, and what `routes` serves at its paths. */
export function createFileServer(
  folder: URL,
  routes: Readonly<Record<string, RequestListener>> = {},
): Server {
  return createServer((request, response) => {
    const route = routes[request.url ?? "/"];
    if (route !== undefined) route(request, response);
    else void serveFile(folder, request, response);
  });
}

async function serveFile(folder: URL, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname } = new URL(request.url ?? "/", "http://localhost");
  const name = pathname === "/" ? "index.html" : pathname.slice(1);
  try {
    if (!/^[a-z0-9-]+\.[a-z]+$/.test(name)) throw new Error("not a file of this folder");
    const body = await readFile(new URL(name, folder));
    response.writeHead(200, { "content-type": contentTypes[extname(name)] ?? "application/octet-stream" });
    response.end(body);
  } catch {
    response.writeHead(404, { "content-type": "text/plain; charset=utf-8" }).end("Not found\n");
  }
}

/** Starts to listen; the port is the one that was asked for, or any free one for 0. */
export function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, () => {
      server.off("error", reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

/** Closes the server with all its connections. */
export function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
