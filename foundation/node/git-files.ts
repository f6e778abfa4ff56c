import { spawnSync } from 'node:child_process';
import { HarnessError } from './errors.ts';

/** Returns the output of git. Throws `HarnessError` BAD_FILE with its first line. */
function git(args: readonly string[], of: string, input = ''): Buffer {
  const { stdout, stderr, status, error } = spawnSync('git', args, { input, maxBuffer: 2 ** 30 });
  if (status === 0) return stdout;
  const problem =
    error?.message ??
    String(stderr)
      .split('\n')[0]
      ?.replace(/^fatal: |\.$/g, '');
  throw new HarnessError(
    'BAD_FILE',
    `git cannot read ${of}: ${problem}. Check the reference, and fetch it (git fetch, or fetch-depth: 0 in actions/checkout).`,
  );
}

/**
 * Reads the files of a commit into memory (Git documentation, "git-ls-tree" and "git-cat-file"). `path`: a folder or file from the root
 * of the repository; empty for all. Paths are relative to the folder. Throws `HarnessError` BAD_FILE.
 */
export function gitFiles(
  reference: string,
  path: string,
  isWanted: (path: string) => boolean,
): readonly { readonly path: string; readonly text: string }[] {
  const shown = `${reference}${path === '' ? '' : `:${path}`}`;
  const commit = String(
    git(['rev-parse', '--verify', '--quiet', '--end-of-options', `${reference}^{commit}`], shown),
  ).trim();
  const folder = path.replace(/^\.\/|\/+$/g, '').replace(/^\.$/, '');
  const listed = String(
    git(['ls-tree', '--full-tree', '-r', '-z', commit, ...(folder === '' ? [] : ['--', folder])], shown),
  );
  const entries = listed.split('\0').flatMap((line) => {
    const [, kind, id, name] = /^(\d+) blob ([\da-f]+)\t(.*)$/s.exec(line) ?? [];
    return kind === undefined || kind === '120000' || id === undefined || name === undefined ? [] : [{ id, name }];
  });
  if (entries.length === 0)
    throw new HarnessError(
      'BAD_FILE',
      `Commit ${reference} has no file "${path}". Give a path from the root of the repository.`,
    );
  const wanted = entries.filter(({ name }) => name === folder || isWanted(name));
  let rest = git(['cat-file', '--batch'], shown, wanted.map(({ id }) => `${id}\n`).join(''));
  return wanted.map(({ name }) => {
    const header = rest.indexOf('\n');
    const size = Number(rest.subarray(0, header).toString().split(' ')[2]);
    const text = rest.subarray(header + 1, header + 1 + size).toString();
    rest = rest.subarray(header + size + 2);
    return { path: name.startsWith(`${folder}/`) && folder !== '' ? name.slice(folder.length + 1) : name, text };
  });
}
