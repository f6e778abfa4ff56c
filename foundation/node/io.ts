/** A terminal to read from, without a type of Node's. */
export interface Input {
  readonly isTTY?: boolean;
  setRawMode?(raw: boolean): unknown;
  on(event: 'data', listener: (chunk: Buffer) => void): unknown;
  off(event: 'data', listener: (chunk: Buffer) => void): unknown;
  resume(): unknown;
  pause(): unknown;
}

type Output = NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };

export interface Io {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly stdin?: Input;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /**
   * Makes the first SIGINT or SIGTERM write `note` to standard error and fire the signal, with the name as the error's
   * `cause`. A later one ends the process.
   */
  readonly interruption: (note?: string) => AbortSignal;
  /** Folder of the package. */
  readonly root: string;
  /** Folder of the running code, with `suites/` in it: dist/, or the package itself. */
  readonly code: string;
}
