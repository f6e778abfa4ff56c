/** The template of the HTML report, a single file that loads no other resources. */
import { createHash } from 'node:crypto';
import { build } from 'esbuild';

/** Placeholders for the title and the JSON data, filled by harness/report/page.ts. */
const TITLE = '{{title}}';
const DATA = '{{data}}';

/** Returns the template and the module paths that esbuild bundled. */
export async function pageTemplate() {
  const { outputFiles, metafile } = await build({
    entryPoints: { page: 'harness/page/main.tsx', style: 'harness/page/style.css' },
    outdir: 'harness/page',
    bundle: true,
    minify: true,
    write: false,
    format: 'iife',
    target: ['chrome123', 'firefox120', 'safari17.5'],
    jsx: 'automatic',
    jsxImportSource: 'preact',
    legalComments: 'none',
    logLevel: 'warning',
    metafile: true,
  });
  const textOf = (ending) => outputFiles.find(({ path }) => path.endsWith(ending)).text.trim();
  // `</script` ends a script even inside a string.
  const program = textOf('.js').replaceAll('</script', '<\\/script');
  const style = textOf('.css');
  const policy = [
    "default-src 'none'",
    `script-src ${hashOf(program)}`,
    `style-src ${hashOf(style)}`,
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<link rel="icon" href="data:,">
<title>${TITLE}</title>
<style>${style}</style>
</head>
<body>
<noscript>This page needs JavaScript to show the results of a conformance run. It loads no other resources.</noscript>
<script type="application/json" id="data">${DATA}</script>
<script>${program}</script>
</body>
</html>
`;
  return { html, inputs: Object.keys(metafile.inputs) };
}

const hashOf = (text) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
