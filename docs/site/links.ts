/** Finds dead links in a built site. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';

/** Returns a sentence for each link of a built page to a missing page, file or anchor. */
export function deadLinks(site: string): readonly string[] {
  const files = readdirSync(site, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.html'));
  const texts = new Map(files.map((file) => [file, readFileSync(join(site, file), 'utf8')]));
  const anchors = new Map([...texts].map(([file, text]) => [file, idsOf(text)]));
  return files.flatMap((file) =>
    [...texts.get(file)!.matchAll(/\shref="([^"]*)"/g)].flatMap(([, href = '']) => {
      if (/^[a-z]+:/.test(href)) return [];
      const [path = '', anchor] = href.split('#');
      const target =
        path === '' ? file : posix.join(path.startsWith('/') ? '' : posix.dirname(file), path).replace(/^\//, '');
      const page = [target, `${target}.html`, posix.join(target, 'index.html')].find((name) => texts.has(name));
      if (page === undefined)
        return existsSync(join(site, target)) ? [] : [`${file} links to ${href}, which does not exist.`];
      return anchor === undefined || anchor === '' || anchors.get(page)!.has(decodeURIComponent(anchor))
        ? []
        : [`${file} links to ${href}, but ${page} has no such anchor.`];
    }),
  );
}

const idsOf = (text: string): ReadonlySet<string> =>
  new Set([...text.matchAll(/\sid="([^"]*)"/g)].map(([, id = '']) => id));
