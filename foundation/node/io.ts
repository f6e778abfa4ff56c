/** A terminal to read from, without Node's types. */
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
   * Makes the first SIGINT or SIGTERM write `note` to standard error and abort the returned signal, whose error has the
   * name as `cause`. A second one ends the process.
   */
  readonly interruption: (note?: string) => AbortSignal;
  /** The package's folder. */
  readonly root: string;
  /** Folder of the running code, which contains `suites/`: dist/, or the package itself. */
  readonly code: string;
}
