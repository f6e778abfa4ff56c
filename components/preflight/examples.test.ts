import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse as parseYaml } from 'yaml';
import { ROOT } from '../../test/support/run-cli.ts';
import { parse } from './arguments.ts';

const FOLDER = join(ROOT, 'examples', 'preflight');

interface PodTemplate {
  readonly spec: {
    readonly template: {
      readonly spec: Partial<Record<'initContainers' | 'containers', readonly Container[]>> & {
        readonly serviceAccountName: string;
      };
    };
  };
}
interface Container {
  readonly name: string;
  readonly args?: readonly string[];
  readonly securityContext?: Readonly<Record<string, unknown>>;
}

describe('examples of preflight', () => {
  for (const file of readdirSync(FOLDER).filter((name) => name.endsWith('.yaml')))
    it(`${file}: runs preflight with valid flags under a service account, as the restricted Pod Security Standard demands`, () => {
      const { spec } = (parseYaml(readFileSync(join(FOLDER, file), 'utf8')) as PodTemplate).spec.template;
      const container = [...(spec.initContainers ?? []), ...(spec.containers ?? [])].find(
        ({ name }) => name === 'preflight',
      );
      expect(parse(container?.args ?? []).role).to.equal('arn:aws:iam::111122223333:role/ledger');
      expect(spec.serviceAccountName).to.equal('ledger');
      expect(container?.securityContext).to.deep.equal({
        allowPrivilegeEscalation: false,
        runAsNonRoot: true,
        capabilities: { drop: ['ALL'] },
        seccompProfile: { type: 'RuntimeDefault' },
      });
    });
});
