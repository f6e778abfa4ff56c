export interface Terminal {
  readonly verbose: boolean;
  readonly line: (text: string) => void;
}

/** Milliseconds between progress lines of a step. */
const HEARTBEAT = 30_000;

/** Runs a step, and prints progress lines and then the duration. */
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
