// The used members of the requests and responses of Node's servers, which frameworks pass on.

/** The used members of a request of `node:http`, or of `node:http2`'s compatibility API. */
export interface NodeRequest {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly headers: { readonly [name: string]: string | string[] | undefined };
  readonly readableFlowing: boolean | null;
  readonly socket: {
    readonly destroyed: boolean;
    destroySoon?(): void;
    on(event: 'close', listener: () => void): unknown;
  };
  resume(): unknown;
}

/** The used members of a response of `node:http`, or of `node:http2`'s compatibility API. */
export interface NodeResponse {
  readonly headersSent: boolean;
  readonly socket: object | null;
  /** HTTP/2. */
  readonly stream?: { readonly destroyed?: boolean; readonly session?: { close(): void } | undefined } | undefined;
  getHeader(name: string): number | string | string[] | undefined;
  setHeader(name: string, value: string | string[]): unknown;
  removeHeader(name: string): void;
  writeHead(status: number): unknown;
  write(bytes: Uint8Array): boolean;
  end(): unknown;
  end(text: string): unknown;
  destroy(): unknown;
  // biome-ignore lint/suspicious/noExplicitAny: a channel, listener or message of any event map is meant; `unknown` would accept none of them
  on(event: string, listener: (...args: any[]) => void): unknown;
}

/** A handler for `createServer` and the routes of frameworks. It does not throw. */
export type NodeHandler<Request extends NodeRequest = NodeRequest> = (
  request: Request,
  response: NodeResponse,
  next?: (error?: unknown) => void,
) => void;
