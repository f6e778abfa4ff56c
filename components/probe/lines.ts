import type { Readable } from 'node:stream';

/** Longer lines are truncated. */
const MOST_CHARACTERS = 1_000_000;

export function byLine(stream: Readable, tell: (line: string) => void): void {
  let line = '';
  stream.setEncoding('utf8').on('data', (chunk: string) => {
    const [first = '', ...others] = chunk.split('\n');
    line = (line + first).slice(0, MOST_CHARACTERS);
    for (const next of others) {
      tell(line);
      line = next;
    }
  });
  stream.on('end', () => line !== '' && tell(line));
}
