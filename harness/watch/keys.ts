/** What a key asks for. */
export type Key = 'all' | 'failed' | 'end';

/** A terminal to read from, without a name of Node's types. */
export interface Input {
  readonly isTTY?: boolean;
  setRawMode?(raw: boolean): unknown;
  on(event: 'data', listener: (chunk: Buffer) => void): unknown;
  off(event: 'data', listener: (chunk: Buffer) => void): unknown;
  resume(): unknown;
  pause(): unknown;
}

/** In raw mode, Ctrl-C and Ctrl-D are characters. */
const KEYS: Readonly<Record<string, Key>> = {
  '\r': 'all',
  '\n': 'all',
  f: 'failed',
  q: 'end',
  '\u0003': 'end',
  '\u0004': 'end',
};

/** Tells of keys that are pressed on a terminal, until what is given is called. */
export function watchKeys(input: Input, pressed: (key: Key) => void): () => void {
  const read = (chunk: Buffer): void => {
    for (const character of chunk.toString()) if (KEYS[character] !== undefined) pressed(KEYS[character]);
  };
  input.setRawMode?.(true);
  input.on('data', read);
  input.resume();
  return () => {
    input.off('data', read);
    input.setRawMode?.(false);
    input.pause();
  };
}
