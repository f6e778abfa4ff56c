import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Plugin } from 'esbuild';
import { readDefinitions, type FaultDefinition } from './definitions.ts';
import type { Fault } from './index.ts';
import { ASK, switchedSource, type FaultOfFile } from './switched-source.ts';

export interface Switches {
  readonly plugin: Plugin;
  readonly catalogue: readonly Fault[];
  /** Messages about faults that do not apply. */
  readonly problems: readonly string[];
}

export function switches(root: string): Switches {
  const definitions = readDefinitions(join(root, 'scripts', 'faults'));
  const problems: string[] = [];
  const applying = definitions.filter((fault) => {
    try {
      for (const file of filesOf(fault)) switched(root, file, [fault]);
      return true;
    } catch (error) {
      problems.push((error as Error).message);
      return false;
    }
  });
  const files = new Set(applying.flatMap(filesOf));
  const plugin: Plugin = {
    name: 'faults',
    setup(build) {
      build.onLoad({ filter: /\.ts$/ }, ({ path }) => {
        const file = relative(root, path);
        if (file === 'foundation/node/dist-folder.ts')
          return { contents: `export * from '../../scripts/faults/image-variant.ts';`, loader: 'ts' };
        if (!files.has(file)) return undefined;
        const ask = `import { isOn as ${ASK} } from ${JSON.stringify(join(root, 'scripts', 'faults', 'switch.ts'))};\n`;
        return { contents: ask + switched(root, file, applying), loader: 'ts' };
      });
    },
  };
  const catalogue = applying.map(({ replacements: _changes, ...fault }) => fault);
  return { plugin, catalogue, problems };
}

export const filesOf = ({ replacements }: FaultDefinition): readonly string[] => [
  ...new Set(replacements.map(({ file }) => file)),
];

export const ofFile = ({ name, replacements }: FaultDefinition, file: string): FaultOfFile => ({
  name,
  replacements: replacements.filter((one) => one.file === file),
});

function switched(root: string, file: string, faults: readonly FaultDefinition[]): string {
  const text = readFileSync(join(root, file), 'utf8');
  return switchedSource(
    file,
    text,
    faults.map((fault) => ofFile(fault, file)).filter(({ replacements }) => replacements.length > 0),
  );
}
