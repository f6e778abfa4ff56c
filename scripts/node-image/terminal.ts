/** Where the build tells how it goes. */
export interface Terminal {
  /** Whether the tools' own output is shown. */
  readonly verbose: boolean;
  /** Writes one line. */
  readonly line: (text: string) => void;
}

/** Time between signs of life of a step, milliseconds. */
const HEARTBEAT = 30_000;

/** Does a step: a line with its duration at its end, and a sign of life now and then before that. */
export async function step<T>(terminal: Terminal, name: string, work: () => Promise<T>): Promise<T> {
  const started = performance.now();
  const seconds = (): string => `${((performance.now() - started) / 1000).toFixed(1)} s`;
  const heartbeat = setInterval(() => terminal.line(`  … ${name}: ${seconds()} so far`), HEARTBEAT);
  try {
    const result = await work();
    terminal.line(`✓ ${name} (${seconds()})`);
    return result;
  } finally {
    clearInterval(heartbeat);
  }
}
