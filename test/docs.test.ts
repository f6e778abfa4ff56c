import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { catalogue } from '../scripts/faults/index.ts';
import { cataloguePage, PAGE } from '../scripts/catalogue.ts';
import { anchorOf } from '../docs/site/anchor.ts';
import { CLIENTS } from '../components/clients/registry.ts';
import { generatedParts } from '../docs/site/generated.ts';
import { GENERATED, withTables } from '../docs/site/stage.ts';
import { ownSuites } from './support/own-suites.ts';
import { OPERATORS } from '../harness/loosen/operators/catalogue.ts';
import { ALL_COMMANDS } from '../bin/cli/commands.ts';
import { commandLine } from '../foundation/node/command-line.ts';
import { OPTIONS } from '../harness/config/options.ts';
import { GUESSES } from '../harness/record/guesses.ts';
import { EXIT } from '../foundation/node/errors.ts';
import * as surface from '../harness/index.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const read = (file: string): string => readFileSync(join(root, file), 'utf8');

const TEXTS = ['README.md', 'CONTRIBUTING.md', ...readdirSync(join(root, 'docs')).map((file) => `docs/${file}`)].filter(
  (file) => file.endsWith('.md'),
);

interface Manifest {
  readonly version: string;
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}
const manifest = JSON.parse(read('package.json')) as Manifest;

/** Returns the text below a heading, up to the next one of the same or a higher level. */
function section(file: string, heading: string): string {
  const lines = read(file).split('\n');
  const start = lines.indexOf(heading);
  expect(start, `${file} has the heading "${heading}"`).to.be.greaterThan(-1);
  const depth = /^#+/.exec(heading)?.[0].length ?? 1;
  const rest = lines.slice(start + 1);
  const end = rest.findIndex((line) => (/^(#+) /.exec(line)?.[1]?.length ?? Infinity) <= depth);
  return (end === -1 ? rest : rest.slice(0, end)).join('\n');
}

/** Returns the cells of all table rows in a text, without headers. */
function rows(text: string): string[][] {
  const lines = text.split('\n');
  return lines
    .filter((line, index) => line.startsWith('|') && !line.startsWith('| -') && !lines[index + 1]?.startsWith('| -'))
    .map((line) =>
      line
        .split(/(?<!\\)\|/)
        .slice(1, -1)
        .map((cell) => cell.trim().replaceAll('\\|', '|')),
    );
}

const code = (cell: string | undefined): string[] => [...(cell ?? '').matchAll(/`([^`]+)`/g)].map((match) => match[1]!);

/** Longer lines are hard to read in a terminal and in a diff. */
const LONGEST_LINE = 200;
/** Pages whose tables quote results. */
const GENERATED_TABLES = ['docs/clients.md', 'docs/fidelity.md'];

/** Exports for internal use. */
const NO_WORDS = ['CAPABILITIES'];

describe('documentation', () => {
  describe('generated parts', () => {
    let parts: ReadonlyMap<string, string>;
    const firstCells = (part: string): (string | undefined)[] =>
      rows(parts.get(part) ?? '').map(([name]) => code(name)[0]);
    before(async () => (parts = generatedParts(root, await ownSuites())));

    it('are each used once', () => {
      const used = TEXTS.flatMap((file) => [...read(file).matchAll(GENERATED)]).map(([, part]) => part);
      expect(used).to.have.members([...parts.keys()]);
    });

    it('are tables in the repository too (npm run docs -- --tables updates them), or a sentence with a link', async () => {
      for (const file of TEXTS) {
        const text = read(file);
        expect(await withTables(text, parts), file).to.equal(text);
        for (const [, part, place] of text.matchAll(GENERATED)) expect(place, part).to.match(/^\|.*\n\||\]\(\S+\)/m);
      }
    });

    it('agree with the counts in README.md and docs/versions.md', () => {
      const [last = []] = rows(parts.get('detected-mutants') ?? '').reverse();
      expect(read('README.md')).to.include(`${Math.round(parseFloat(last.at(-1) ?? ''))} % of 300 random mutants`);
      expect(read('README.md')).to.include(`[${GUESSES.length} guesses](docs/guesses.md)`);
      expect(read('docs/versions.md')).to.include(`${CLIENTS.length} clients`);
    });

    it('agree with the versions in docs/versions.md', () => {
      const page = read('docs/versions.md');
      const { kubernetes, kind } = JSON.parse(read('scripts/node-image/versions.json')) as Record<
        string,
        { version: string }
      >;
      expect(page).to.include(`Kubernetes ${kubernetes!.version.slice(1)} with kind ${kind!.version.slice(1, -2)}`);
      const [, first, second] = /kubernetes: \['(.*)', '(.*)'\]/.exec(read('.github/workflows/nightly-eks.yml')) ?? [];
      expect(page).to.include(`set up for ${first} and ${second}`);
    });

    it('list all commands in a clone and an installed package', () => {
      const listed = rows(parts.get('commands') ?? '').map(([name = '', clone, what]) => [
        /^\[(.*)\]/.exec(name)?.[1],
        code(clone)[0],
        what,
      ]);
      expect(listed).to.deep.equal(ALL_COMMANDS.map(({ name, summary }) => [name, commandLine(name), summary]));
      for (const { name, remarks } of ALL_COMMANDS)
        expect(parts.get('command-flags')).to.include(`### ${name}\n`).and.include(remarks);
    });

    it('list all operators of loosen', () =>
      expect(
        [...(parts.get('operators') ?? '').matchAll(/^- `([^`]+)` \(.+\): .+ \[.+\]\(https:.+\)$/gm)].map(
          ([, id]) => id,
        ),
      ).to.deep.equal(Object.keys(OPERATORS)));

    it('describe all capabilities', () =>
      expect(firstCells('capabilities')).to.deep.equal(Object.keys(surface.CAPABILITIES)));

    it('have the last measurement of faults and mutants', () => {
      for (const part of ['detected-mutants', 'detected-faults'])
        expect(rows(parts.get(part) ?? '').map(([area]) => area))
          .to.include('agent')
          .and.include('all');
    });
  });

  it('names only existing flags of npm run conformance', () => {
    const names = new Set(OPTIONS.map((option) => `--${option.name}`));
    for (const file of TEXTS) {
      for (const [command] of read(file).matchAll(/npm run conformance -- [^\n`]*/g)) {
        const flags = [...command.matchAll(/(?<= )--[a-z][a-z0-9-]*/g)].map(([flag]) => flag);
        for (const flag of flags) expect(names, `${file}: ${command}`).to.include(flag);
      }
    }
  });

  it('lists all exit codes', () => {
    const expected = Object.values(EXIT).map(String);
    expect(rows(section('docs/command-line.md', '## Exit codes')).map(([cell]) => cell)).to.deep.equal(expected);
  });

  it('uses only scripts in package.json', () => {
    let count = 0;
    for (const file of TEXTS) {
      for (const [, script = ''] of read(file).matchAll(/\bnpm run (?:-s )?([a-z][a-z:-]*)/g)) {
        expect(manifest.scripts, file).to.have.property(script);
        count += 1;
      }
    }
    expect(count).to.be.greaterThan(10);
  });

  it('starts with the first commands for users and contributors', () => {
    const [first] = /```sh\n[\s\S]*?```/.exec(read('README.md')) ?? [''];
    expect(first).to.include('npm ci && npm run conformance').and.include('npm ci && npm test');
  });

  it('README.md installs this version from a tarball inside the repository', () =>
    expect([...read('README.md').matchAll(/npm install --save-dev (\S+)/g)].map(([, path]) => path)).to.deep.equal([
      `./eks-pod-identity-conformance-${manifest.version}.tgz`,
    ]));

  for (const file of [...TEXTS, 'CHANGELOG.md', 'SECURITY.md', 'suites/README.md']) {
    it(`${file}: has no line of more than ${LONGEST_LINE} characters`, () => {
      const isGenerated = GENERATED_TABLES.includes(file);
      const long = read(file)
        .split('\n')
        .flatMap((line, index) =>
          line.length > LONGEST_LINE && !(isGenerated && line.startsWith('|')) ? [index + 1] : [],
        );
      expect(long, 'line numbers').to.deep.equal([]);
    });
  }

  for (const file of TEXTS) {
    it(`${file}: all links have a target`, () => {
      for (const [, target = ''] of read(file).matchAll(/\]\(([^)\s]+)\)/g)) {
        if (/^https?:/.test(target)) continue;
        const [path = '', fragment] = target.split('#');
        const linked = path === '' ? file : relative(root, join(root, dirname(file), path));
        expect(existsSync(join(root, linked)), `${target} exists`).to.equal(true);
        if (fragment === undefined) continue;
        const headings = read(linked).match(/^#+ .*$/gm) ?? [];
        expect(
          headings.map((heading) => anchorOf(heading.replace(/^#+ /, ''))),
          target,
        ).to.include(fragment);
      }
    });

    it(`${file}: all paths exist`, () => {
      const paths = [
        ...read(file).matchAll(
          /`((?:bin|clusters|components|docs|doctor|emulator|examples|foundation|harness|identity|scripts|suites|test)\/[\w./-]*)`/g,
        ),
      ];
      // `npm run docs` makes the site.
      for (const [, path = ''] of paths)
        expect(existsSync(join(root, path)) || path === 'docs/site/dist', path).to.equal(true);
    });
  }

  it('lists all suites (npm run catalogue updates the list)', async () =>
    expect(readFileSync(PAGE, 'utf8')).to.equal(await cataloguePage(await ownSuites())));

  it('names only existing faults', () => {
    const names = catalogue().map(({ name }) => name);
    for (const file of TEXTS)
      for (const [, fault = ''] of read(file).matchAll(/--fault ([a-z][a-z-]+)/g))
        expect(names, file).to.include(fault);
  });

  it('explains all exports of the public API', () => {
    const text = read('docs/scenarios.md');
    const missing = Object.keys(surface).filter(
      (name) => !NO_WORDS.includes(name) && !new RegExp(`\\b${name}\\b`).test(text),
    );
    expect(missing).to.deep.equal([]);
  });

  it('gives a reason for each rejected candidate scenario, and lists no existing ones', () => {
    const files = readdirSync(join(root, 'suites'), { recursive: true, encoding: 'utf8' }).filter((file) =>
      file.endsWith('.ts'),
    );
    const suites = files.map((file) => read(`suites/${file}`));
    const declared = suites.flatMap((text) =>
      [...text.matchAll(/scenario\(\s*'([A-Z]+-\d+[a-z]?)'/g)].map(([, id]) => id),
    );
    expect(declared).to.include('PI-01');
    const missing = rows(read('docs/rejected-scenarios.md'));
    expect(missing.map(([id]) => id).filter((id) => declared.includes(id))).to.deep.equal([]);
    for (const [id, candidate, reason] of missing) {
      expect(id).to.match(/^[A-Z]+-\d+$/);
      expect([candidate, reason], id).not.to.include('');
    }
  });

  it('gives the licence and a reason for all dependencies', () => {
    const compare = (headings: readonly string[], packages: Readonly<Record<string, string>>): void => {
      const table = headings.flatMap((heading) =>
        [...section('docs/dependencies.md', heading).matchAll(/^- (`.*`) \(([^)]+)\): ((?:.|\n {2})*)/gm)].map(
          ([, names, licence, why]) => [names, licence, why] as const,
        ),
      );
      expect(table.flatMap(([name]) => code(name))).to.have.members(Object.keys(packages));
      for (const [names, licence, why] of table) {
        expect(why, names).not.to.equal('');
        for (const name of code(names)) {
          const installed = JSON.parse(read(`node_modules/${name}/package.json`)) as { license: string };
          expect(licence, name).to.equal(installed.license);
        }
      }
    };
    compare(['## Installed with the package'], manifest.dependencies);
    compare(['## Bundled in the package', '## For development'], manifest.devDependencies);
  });
});
