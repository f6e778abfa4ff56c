import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import ts from 'typescript';
import { parse } from 'yaml';
import { seededOrder } from '../../foundation/node/seeded-order.ts';
import { filesOf, ofFile, switches } from './build-plugin.ts';
import { readDefinitions } from './definitions.ts';
import { faultySource } from './switched-source.ts';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Faults to compile: others in each run. `FAULTS=all` compiles all, as a nightly workflow does. `FAULTS_SEED` repeats a run. */
const { FAULTS, FAULTS_SEED: SEED = String(Date.now()) } = process.env;
const SAMPLE = 60;

/** Faulty texts by file, with the name of the fault. */
type Texts = Map<string, { readonly name: string; readonly text: string }>;

describe('fault catalogue', () => {
  it('applies to the current sources', () => {
    const { problems, catalogue } = switches(root);
    expect(problems).to.deep.equal([]);
    expect(catalogue).not.to.be.empty;
  });

  it('contains at most 350 faults, each with a reference to an incident', () => {
    const faults = readDefinitions(join(root, 'scripts', 'faults'));
    const reference = /^([\w.-]+\/[\w.-]+#\d+|CVE-\d{4}-\d+|GHSA(-\w{4}){3}|[\w ]+ of \w+ \d{4} \([\w ]+\)), /;
    expect(faults.filter(({ incident }) => !reference.test(incident)).map(({ name }) => name)).to.deep.equal([]);
    expect(faults).to.have.length.at.most(350);
  });

  it('contains each fault with a prediction, unless it was removed', () => {
    const text = readFileSync(join(root, 'scripts', 'detection', 'predictions.yaml'), 'utf8');
    const predicted = parse(text) as { readonly name: string; readonly removed?: string }[];
    const kept = predicted.filter(({ removed }) => removed === undefined).map(({ name }) => name);
    const names = readDefinitions(join(root, 'scripts', 'faults')).map(({ name }) => name);
    expect(predicted).to.have.length(25);
    expect(names).to.include.members(kept);
  });

  it(`produces sources that compile, seed ${SEED}`, () => {
    const faults = seededOrder(readDefinitions(join(root, 'scripts', 'faults')), SEED, ({ name }) => name);
    // Faults in different files are independent, so each round applies one fault per file.
    const rounds: Texts[] = [];
    for (const fault of faults.slice(0, FAULTS === 'all' ? Infinity : SAMPLE)) {
      const files = filesOf(fault).map((file) => join(root, file));
      let round = rounds.find((one) => !files.some((file) => one.has(file)));
      if (round === undefined) rounds.push((round = new Map() as Texts));
      for (const file of filesOf(fault)) {
        const text = faultySource(readFileSync(join(root, file), 'utf8'), ofFile(fault, file));
        round.set(join(root, file), { name: fault.name, text });
      }
    }
    const compile = compiler();
    expect(rounds.flatMap((round) => compile(round))).to.deep.equal([]);
  });
});

/** Returns a function that reports compiler errors of faulty texts. It ignores unused and unreachable code. */
function compiler() {
  let texts: Texts = new Map();
  let version = 0;
  const config: unknown = ts.readConfigFile(join(root, 'tsconfig.json'), (path) => ts.sys.readFile(path)).config;
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const service = ts.createLanguageService(
    {
      getCompilationSettings: () => options,
      getScriptFileNames: () => [...texts.keys()],
      getScriptVersion: (file) => (texts.has(file) ? String(version) : '0'),
      getScriptSnapshot: (file) => {
        const text = texts.get(file)?.text ?? ts.sys.readFile(file);
        return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
      },
      getCurrentDirectory: () => root,
      getDefaultLibFileName: (given) => ts.getDefaultLibFilePath(given),
      fileExists: (path) => ts.sys.fileExists(path),
      readFile: (path) => ts.sys.readFile(path),
      directoryExists: (path) => ts.sys.directoryExists(path),
      getDirectories: (path) => ts.sys.getDirectories(path),
    },
    ts.createDocumentRegistry(),
  );
  return (round: Texts): string[] => {
    texts = round;
    version += 1;
    return [...round].flatMap(([file, { name }]) =>
      [...service.getSyntacticDiagnostics(file), ...service.getSemanticDiagnostics(file)]
        .filter(({ reportsUnnecessary }) => reportsUnnecessary === undefined)
        .map(({ messageText }) => `${name}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`),
    );
  };
}
