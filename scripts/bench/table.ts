import type { Measurement } from './measurement.ts';

export interface BenchReport {
  readonly version: 1;
  readonly machine: {
    readonly cores: number;
    readonly cpu: string;
    readonly memoryMegabytes: number;
    readonly platform: string;
    readonly node: string;
    /** Load average of the last minute, or 0 if the system has none. */
    readonly load: number;
  };
  readonly measurements: readonly Measurement[];
}

export function tableOf({ machine, measurements }: BenchReport): string {
  const rows = [
    ['measured', 'value', 'target', 'ratio', ''],
    ...measurements.map(({ name, value, target, unit, ratio, met }) => [
      name,
      `${number(value)} ${unit}`,
      `${number(target)} ${unit}`,
      `${ratio.toFixed(2)}x`,
      met ? 'met' : 'MISSED',
    ]),
  ];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
  const notes = measurements.map(({ name, note }) => `${name}: ${note}`);
  const { cores, cpu, memoryMegabytes, platform, node, load } = machine;
  return [
    `${cores} cores (${cpu}), ${number(memoryMegabytes)} MB, ${platform}, Node ${node}, load ${load.toFixed(1)}`,
    '',
    ...lines,
    '',
    ...notes,
    '',
  ].join('\n');
}

function number(value: number): string {
  return value.toLocaleString('en-US');
}
