/** Values of the agent's `--verbosity`, most severe first. */
export const LOG_LEVELS = ['panic', 'fatal', 'error', 'warning', 'info', 'debug', 'trace'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
type Fields = Readonly<Record<string, string | number>>;

/** Writes one JSON object per line, with sorted fields. Messages and fields must not contain tokens or keys. */
export class Logger {
  readonly #write: (line: string) => void;
  readonly #threshold: number;
  readonly #fields: Fields;

  constructor(write: (line: string) => void, verbosity: LogLevel, fields: Fields = {}) {
    this.#write = write;
    this.#threshold = LOG_LEVELS.indexOf(verbosity);
    this.#fields = fields;
  }

  with(fields: Fields): Logger {
    return new Logger(this.#write, LOG_LEVELS[this.#threshold] ?? 'info', { ...this.#fields, ...fields });
  }

  log(level: LogLevel, msg: string): void {
    if (LOG_LEVELS.indexOf(level) > this.#threshold) return;
    // Use real time, to match other logs when a test moves the clock.
    const time = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
    const entries = Object.entries({ ...this.#fields, level, msg, time });
    this.#write(JSON.stringify(Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)))));
  }

  error(msg: string): void {
    this.log('error', msg);
  }

  warn(msg: string): void {
    this.log('warning', msg);
  }

  info(msg: string): void {
    this.log('info', msg);
  }

  trace(msg: string): void {
    this.log('trace', msg);
  }
}
