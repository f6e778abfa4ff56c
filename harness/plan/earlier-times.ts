import { readFileSync } from 'node:fs';
import type { Configuration } from '../config/configuration.ts';
import { resultsFiles } from './results-files.ts';

/** A scenario's line in results.json (harness/report/write.ts). */
const LINE = /^\s*\{"id":"([^"]+)".*"durations":\{"arranging":(\d+),"probing":(\d+)/gm;

/**
 * Returns milliseconds of scenarios by id, from the newest run on this type of cluster; may be empty. Scans lines,
 * because parsing and validating the results would take longer than a better order saves.
 */
export function earlierTimes(configuration: Configuration): ReadonlyMap<string, number> {
  try {
    for (const file of resultsFiles(configuration)) {
      const text = readFileSync(file, 'utf8');
      if (!text.includes(`\n    "cluster": "${configuration.cluster.name}"`)) continue;
      const lines = [...text.matchAll(LINE)];
      return new Map(lines.map(([, id = '', arranging, probing]) => [id, Number(arranging) + Number(probing)]));
    }
  } catch {
    // Earlier times only affect the order.
  }
  return new Map();
}
