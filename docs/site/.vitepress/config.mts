import { defineConfig } from 'vitepress';
import { anchorOf } from '../anchor.ts';

const page = (text: string, name: string): { readonly text: string; readonly link: string } => ({
  text,
  link: `/${name}`,
});

/** The theme cuts long lines of code blocks. Breaks them instead, so that commands can be read to their end. */
const WRAPPED_CODE =
  ".vp-doc div[class*='language-'] code { width: auto; white-space: pre-wrap; overflow-wrap: anywhere; }";

export default defineConfig({
  title: 'EKS Pod Identity conformance',
  description: 'End-to-end conformance tests for Amazon EKS Pod Identity and IAM roles for service accounts',
  srcDir: 'pages',
  outDir: 'dist',
  cleanUrls: true,
  // Without it, browsers ask for /favicon.ico.
  head: [
    ['link', { rel: 'icon', href: 'data:,' }],
    ['style', {}, WRAPPED_CODE],
  ],
  vite: { build: { chunkSizeWarningLimit: 2000 } },
  markdown: { html: false, anchor: { slugify: anchorOf } },
  themeConfig: {
    search: {
      provider: 'local',
      options: {
        miniSearch: {
          searchOptions: {
            // Long generated pages match nearly any question.
            boostDocument: (id: string) =>
              /^\/(published|clients|fidelity|guesses|scenario-list|changelog|faults|client-differences)\b/.test(id)
                ? 0.2
                : 1,
          },
        },
      },
    },
    outline: [2, 3],
    nav: [
      page('Start', 'guide'),
      page('Scenarios', 'scenario-list'),
      page('Doctor', 'doctor'),
      page('Command line', 'command-line'),
    ],
    sidebar: [
      {
        text: 'Tutorials',
        items: [page('Overview', ''), page('First run', 'guide'), page('Test your policies', 'loosen')],
      },
      {
        text: 'How-to',
        items: [
          page('Diagnose a live cluster', 'doctor'),
          page('Ask who can do what', 'can'),
          page('Mind organization policies', 'organizations'),
          page('Check a pod from inside', 'preflight'),
          page('Evaluate policies', 'evaluate'),
          page('Test your own program', 'own-program'),
          page('Work on suites', 'watch'),
          page('Run in CI', 'ci'),
          page('Run on kind', 'kind'),
          page('Run on Amazon EKS', 'eks'),
          page('Run nightly', 'nightly'),
          page('Validate an agent', 'agent'),
          page('Judge another AWS', 'other-aws'),
          page('Use the emulator', 'emulator'),
          page('Test your operator', 'test-your-operator'),
          page('Compare two runs', 'compare'),
          page('Migrate from IRSA', 'migration'),
          page('Check a pull request', 'no-new-access'),
          page('Clean up', 'clean-up'),
        ],
      },
      {
        text: 'Reference',
        items: [
          page('Command line', 'command-line'),
          page('Versions and systems', 'versions'),
          page('Writing scenarios', 'scenarios'),
          page('Results and reports', 'results'),
          page('Scenarios', 'scenario-list'),
          page('Suites', 'suites'),
          page('Checks of doctor', 'doctor-checks'),
          page('Faults', 'faults'),
          page('Clients', 'clients'),
          page('Fidelity of emulators', 'fidelity'),
          page('Published results', 'published'),
          page('Open guesses about AWS', 'guesses'),
          page('Schemas', 'schemas'),
        ],
      },
      {
        text: 'Explanation',
        items: [
          page('Architecture', 'architecture'),
          page('Detection of defects', 'detection'),
          page('Performance', 'performance'),
          page('Differences between clients', 'client-differences'),
          page('Rejected scenarios', 'rejected-scenarios'),
          page('Dependencies', 'dependencies'),
          page('Contributing', 'contributing'),
          page('Security', 'security'),
          page('Changes', 'changelog'),
        ],
      },
    ],
  },
});
