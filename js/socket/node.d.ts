// As much of Node's modules as the socket client uses: the package is compiled without the types of
// any runtime.

declare module 'node:net' {
  export interface Socket {
    on(event: 'connect' | 'end' | 'close', listener: () => void): this;
    on(event: 'data', listener: (text: string) => void): this;
    on(event: 'error', listener: (error: Error) => void): this;
    setEncoding(encoding: 'utf8'): this;
    write(text: string): boolean;
    end(): this;
    destroy(): this;
    read(): string | null;
    pause(): this;
    resume(): this;
    ref(): this;
    unref(): this;
  }
  export function connect(options: { path: string }): Socket;
}

declare function setImmediate(callback: () => void): unknown;
