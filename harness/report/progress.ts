import { bar } from './live-region.ts';
import { isFine, type Phase, type ScenarioResult } from '../results/results.ts';
import { counted } from '../../foundation/node/text.ts';

const NAMED = 4;
const BAR_COLUMNS = 24;
/** Minimum share and time before the remaining time is shown, because the first scenarios take longest. */
const LEAST_SHARE = 0.25;
const LEAST_MILLISECONDS = 2000;

export class Progress {
  #phase: Phase = 'planning';
  #since = Date.now();
  #scenarios = 0;
  #over = 0;
  #bad = 0;
  readonly #running = new Map<string, number>();

  begin(scenarios: number): void {
    this.#scenarios = scenarios;
  }

  enter(phase: Phase): void {
    this.#phase = phase;
    this.#since = Date.now();
  }

  started(id: string): void {
    this.#running.set(id, Date.now());
  }

  over(result: ScenarioResult): void {
    this.#running.delete(result.id);
    this.#over += 1;
    if (!isFine(result)) this.#bad += 1;
  }

  /** Returns rows for a terminal: a progress bar, and the running scenarios with their times. */
  rows(): readonly string[] {
    if (this.#phase !== 'scenarios') return [`... ${this.#phase} ${seconds(this.#since)}`];
    const bad = this.#bad === 0 ? '' : `, ${this.#bad} not as expected`;
    const done = `${this.#over} of ${counted(this.#scenarios, 'scenario')}${bad}, ${seconds(this.#since)}${this.#left()}`;
    const running = this.#named();
    return [`${bar(this.#over, this.#scenarios, BAR_COLUMNS)} ${done}`, ...(running === '' ? [] : [`  ${running}`])];
  }

  line(): string {
    if (this.#phase !== 'scenarios') return `... ${this.#phase}`;
    const running = this.#named();
    return `... ${this.#over} of ${counted(this.#scenarios, 'scenario')} done${this.#left()}${running === '' ? '' : `; ${running}`}`;
  }

  #left(): string {
    const elapsed = Date.now() - this.#since;
    if (elapsed < LEAST_MILLISECONDS || this.#over < this.#scenarios * LEAST_SHARE) return '';
    return `, ${Math.ceil((elapsed * (this.#scenarios - this.#over)) / this.#over / 1000)} s left`;
  }

  #named(): string {
    const longest = [...this.#running].sort(([, a], [, b]) => a - b);
    if (longest.length === 0) return '';
    const named = longest.slice(0, NAMED).map(([id, since]) => `${id} ${seconds(since)}`);
    const more = longest.length - named.length;
    return `running: ${named.join(', ')}${more === 0 ? '' : ` and ${more} more`}`;
  }
}

const seconds = (since: number): string => `${Math.floor((Date.now() - since) / 1000)} s`;
