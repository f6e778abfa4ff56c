import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { watch, type FSWatcher } from 'chokidar';
import { temporaryFolder } from '../../test/support/run-cli.ts';
import { FileWatcher } from './files.ts';

const open: FileWatcher[] = [];
afterEach(async () => {
  for (const watcher of open.splice(0)) await watcher.close();
});

async function watcherOf(folder: string) {
  const changes = new Set<string>();
  const notes: string[] = [];
  const started: FSWatcher[] = [];
  const watcher = new FileWatcher({
    folders: [folder],
    reports: join(folder, 'reports'),
    changed: (file) => void changes.add(file),
    note: (sentence) => void notes.push(sentence),
    watch: (...about) => {
      started.push(watch(...about));
      return started.at(-1) as FSWatcher;
    },
  });
  open.push(watcher);
  await watcher.ready;
  /** Writes a file until the change is reported. */
  const untilReported = async (file: string): Promise<void> => {
    for (let text = ''; !changes.has(file); text += ' ') {
      writeFileSync(file, text);
      await new Promise((again) => setTimeout(again, 50));
    }
  };
  return { watcher, changes, notes, started, untilReported };
}

describe('the file watcher', () => {
  it('reports files in new folders, except hidden folders, node_modules and reports', async () => {
    const folder = temporaryFolder();
    const { changes, untilReported } = await watcherOf(folder);
    for (const name of ['policies', '.git', 'node_modules', 'reports']) {
      mkdirSync(join(folder, name));
      writeFileSync(join(folder, name, 'a.json'), '{}');
    }
    await untilReported(join(folder, 'policies', 'b.json'));
    expect([...changes].filter((file) => !file.startsWith(join(folder, 'policies')))).to.deep.equal([]);
  });

  it('reports the creation of a file elsewhere, even after its removal', async () => {
    const { watcher, changes, untilReported } = await watcherOf(temporaryFolder());
    const file = join(temporaryFolder(), 'policy.json');
    watcher.add([file]);
    await untilReported(file);
    rmSync(file);
    changes.clear();
    await untilReported(file);
  });

  for (const [code, setting] of [
    ['ENOSPC', 'fs.inotify.max_user_watches'],
    ['EMFILE', 'fs.inotify.max_user_instances'],
  ] as const)
    it(`polls files if the system cannot watch more (${code})`, async () => {
      const folder = temporaryFolder();
      const { notes, started, untilReported } = await watcherOf(folder);
      const [first, second] = started;
      for (const one of [first, second, first]) one?.emit('error', Object.assign(new Error(code), { code }));
      expect(notes).to.deep.equal([
        `The system cannot watch more files (${code}): polling every 250 ms instead; raise ${setting} to avoid this.`,
      ]);
      expect(started.slice(2).map(({ options }) => options.usePolling)).to.deep.equal([true, true]);
      await untilReported(join(folder, 'a.json'));
    });

  it('reports other errors', async () => {
    const { notes, started } = await watcherOf(temporaryFolder());
    started[0]?.emit('error', new Error('permission denied'));
    expect(notes).to.deep.equal(['Some files cannot be watched: permission denied.']);
  });
});
