// As much of Cloudflare's runtime as this folder uses: the package is compiled without the types of
// any runtime. Programs see its declarations with Cloudflare's own types, and tests/types compiles
// them so.

declare module 'cloudflare:workers' {
  export abstract class DurableObject<Env = unknown> {
    protected ctx: DurableObjectState;
    protected env: Env;
    constructor(ctx: DurableObjectState, env: Env);
  }
}

interface DurableObjectState {
  readonly id: DurableObjectId;
  readonly storage: DurableObjectStorage;
  acceptWebSocket(socket: WebSocket): void;
  getWebSockets(): WebSocket[];
  setWebSocketAutoResponse(pair: WebSocketRequestResponsePair): void;
  getWebSocketAutoResponse(): WebSocketRequestResponsePair | null;
}

interface DurableObjectId {
  toString(): string;
}

interface DurableObjectStorage {
  readonly sql: SqlStorage;
  sync(): Promise<void>;
  getAlarm(): Promise<number | null>;
  setAlarm(time: number): Promise<void>;
  deleteAlarm(): Promise<void>;
  deleteAll(): Promise<void>;
  transactionSync<T>(closure: () => T): T;
}

interface SqlStorage {
  exec<Row extends Record<string, SqlStorageValue>>(query: string, ...bindings: SqlStorageValue[]): Iterable<Row>;
}

type SqlStorageValue = ArrayBuffer | string | number | null;

declare class WebSocketPair {
  0: WebSocket;
  1: WebSocket;
}

declare class WebSocketRequestResponsePair {
  constructor(request: string, response: string);
}

interface WebSocket {
  accept(): void;
  serializeAttachment(attachment: unknown): void;
  deserializeAttachment(): unknown;
}

interface Request {
  readonly cf?: { readonly eric?: object };
}

interface RequestInit {
  cf?: object;
}

interface Response {
  readonly webSocket: WebSocket | null;
}

interface ResponseInit {
  webSocket?: WebSocket | null;
}
