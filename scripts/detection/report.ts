import type { Detection, State } from './detect.ts';

export interface Matrix {
  readonly kind: 'faults' | 'mutants';
  readonly detections: readonly Detection[];
  readonly scenarios: readonly string[];
}

export interface Figure {
  readonly area: string;
  readonly counts: Readonly<Record<State, number>>;
  /** Share of defects noticed in any way. Errors count as missed. */
  readonly share: number;
  /** Share of defects noticed by a failed scenario. */
  readonly byScenarios: number;
}

export const STATES: readonly State[] = ['noticed', 'no verdict', 'timed out', 'survived', 'unreached', 'error'];

function figureOf(area: string, detections: readonly Detection[]): Figure {
  const count = (state: State): number => detections.filter((one) => one.state === state).length;
  const counts = Object.fromEntries(STATES.map((state) => [state, count(state)])) as Record<State, number>;
  const share = (some: number): number => (detections.length === 0 ? 1 : some / detections.length);
  const all = counts.noticed + counts['no verdict'] + counts['timed out'];
  return { area, counts, share: share(all), byScenarios: share(counts.noticed) };
}

export function figures({ detections }: Matrix): readonly Figure[] {
  const areas = [...new Set(detections.map(({ area }) => area))];
  return [
    ...areas.map((area) =>
      figureOf(
        area,
        detections.filter((one) => one.area === area),
      ),
    ),
    figureOf('all', detections),
  ];
}

export const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;

/** Returns scenarios that alone notice a defect, and scenarios that notice none. Requires that all scenarios were tried. */
export function scenarioSummary({ detections, scenarios }: Matrix) {
  const noticed = detections.map(({ noticedBy }) => noticedBy);
  const alone = scenarios.filter((key) => noticed.some((by) => by.length === 1 && by[0] === key));
  const nothing = scenarios.filter((key) => !noticed.some((by) => by.includes(key)));
  return { alone, nothing };
}

export function terminalText(matrix: Matrix, { all }: { readonly all: boolean }): string {
  const width = Math.max(0, ...matrix.detections.map(({ name }) => name.length));
  const rows = matrix.detections.map(({ name, state, noticedBy, reason }) =>
    [name.padEnd(width), state.padEnd(9), noticedBy.join(', ') || (reason ?? '')].join('  ').trimEnd(),
  );
  const { alone, nothing } = scenarioSummary(matrix);
  // For a single defect, the list would have nearly every scenario.
  const ofScenarios =
    all && matrix.detections.length > 1
      ? [
          '',
          `Scenarios that are the only one to notice a defect: ${alone.join(', ') || 'none'}`,
          `Scenarios that notice no defect: ${nothing.join(', ') || 'none'}`,
        ]
      : [];
  return [...rows, '', ...shares(matrix), ...ofScenarios, ''].join('\n');
}

function shares(matrix: Matrix): readonly string[] {
  const line = (area: string, share: string, byScenarios: string, counts: string): string =>
    `${area.padEnd(18)} ${share.padStart(8)} ${byScenarios.padStart(13)}  ${counts}`.trimEnd();
  return [
    line('', 'noticed', 'by scenarios', ''),
    ...figures(matrix).map(({ area, counts, share, byScenarios }) => {
      const states = STATES.filter((state) => counts[state] > 0).map((state) => `${counts[state]} ${state}`);
      return line(area, percent(share), percent(byScenarios), states.join(', '));
    }),
    '',
    '"no verdict": no scenario fails, but some that pass without the defect cannot be judged (exit code 3).',
    'The first share includes these and runs that hang, the second only scenarios that fail. Both count errors as missed.',
  ];
}

export const jsonOf = (matrix: Matrix, { all }: { readonly all: boolean }): object => ({
  kind: matrix.kind,
  figures: figures(matrix),
  detections: matrix.detections,
  ...(all && { scenarios: scenarioSummary(matrix) }),
});
