/** A terminal to read from, without a name of Node's types. */
export interface Input {
  readonly isTTY?: boolean;
  setRawMode?(raw: boolean): unknown;
  on(event: 'data', listener: (chunk: Buffer) => void): unknown;
  off(event: 'data', listener: (chunk: Buffer) => void): unknown;
  resume(): unknown;
  pause(): unknown;
}

type Output = NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };

/** What a command needs of its process. */
export interface Io {
  readonly stdout: Output;
  readonly stderr: Output;
  /** Where keys are read from; absent where there is nobody to press any. */
  readonly stdin?: Input;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /**
   * From the call on, the first SIGINT or SIGTERM no longer ends the process: it writes `note` to standard error and fires
   * what is given, with an error whose `cause` is the signal's name. A later signal ends the process.
   */
  readonly interruption: (note?: string) => AbortSignal;
  /** Folder of the package. */
  readonly root: string;
  /** Folder of the code that runs, with `suites/` in it: dist/, or the package itself when it runs from source. */
  readonly code: string;
}
