import type { Reporter, ReporterOptions } from './reporter.ts';

/** Prints each event of a run as a line of JSON, with its name in `event`. The last event omits the scenarios. */
export function jsonlReporter(stdout: ReporterOptions['stdout']): Reporter {
  const tell = (event: keyof Reporter, about: object): void =>
    void stdout.write(`${JSON.stringify({ event, ...about })}\n`);
  return {
    runStarted: (run) => tell('runStarted', run),
    phaseStarted: (phase, detail) => tell('phaseStarted', { phase, detail }),
    note: (line) => tell('note', { line }),
    scenarioStarted: ({ id, suite, title, file }) => tell('scenarioStarted', { id, suite, title, file }),
    scenarioOver: (scenario) => tell('scenarioOver', { scenario }),
    reportsWritten: ({ run, gate, summary }, files) => tell('reportsWritten', { run, gate, summary, files }),
  };
}
