import { sarif } from '../../foundation/node/sarif.ts';
import type { Check, Severity } from '../checks/check.ts';
import { isCommand } from '../checks/commands.ts';
import { CHECKS } from '../checks/index.ts';
import { checkSection } from '../checks/page.ts';
import type { DoctorReport, Finding } from '../judge/report-schema.ts';
import { objectText, type ObjectName } from '../snapshot/object-name.ts';

const LEVELS: Readonly<Record<Severity, string>> = { error: 'error', warning: 'warning', info: 'note' };
const MARKDOWN = /[`*]/g;

/** Returns the report in SARIF, for code scanning. Parts that could not be read are notifications. */
export function sarifLog({ findings, notChecked, since }: DoctorReport, version: string): object {
  return sarif({
    command: 'doctor',
    version,
    rules: CHECKS.map(ruleOf),
    notifications: notChecked.map(({ check, cluster, missing, reason, objects }) => ({
      message: {
        text: `Cluster ${cluster}: ${check} was not checked${objects.length === 0 ? '' : ` for ${objects.map(objectText).join(', ')}`}: ${missing} is missing (${reason}).`,
      },
      associatedRule: { id: check },
    })),
    // Code scanning opens an alert for every result, so those that are suppressed or gone are left out.
    results: findings.map((finding) => ({
      ...resultOf(finding),
      ...(since && { baselineState: since.new.includes(finding.fingerprint) ? 'new' : 'unchanged' }),
    })),
  });
}

const ruleOf = (check: Check): object => ({
  id: check.id,
  shortDescription: { text: check.title },
  fullDescription: { text: check.observation.replace(MARKDOWN, '') },
  help: { text: checkSection(check).replace(MARKDOWN, ''), markdown: checkSection(check) },
  defaultConfiguration: { level: LEVELS[check.severity] },
  properties: { tags: ['security', 'kubernetes', 'aws-iam'], precision: 'high' },
});

function resultOf({ check, severity, title, cluster, object, text, repair, pods, fingerprint }: Finding): object {
  const named = pods.length === 0 ? '' : ` Pods: ${pods.join(', ')}.`;
  return {
    ruleId: check,
    ruleIndex: CHECKS.findIndex(({ id }) => id === check),
    level: LEVELS[severity],
    message: {
      text: `${`${objectText(object)}: ${title}. ${text}${named}`.replace(MARKDOWN, '')} Fix: ${isCommand(repair) ? repair : repair.replace(MARKDOWN, '')}`,
    },
    locations: [
      {
        // Code scanning requires a file. No file exists for an object of a cluster.
        physicalLocation: { artifactLocation: { uri: pathOf(cluster, object) }, region: { startLine: 1 } },
        logicalLocations: [
          {
            name: object.name,
            fullyQualifiedName: `${cluster}/${objectText(object).replace(' ', '/')}`,
            kind: 'object',
          },
        ],
      },
    ],
    // GitHub tracks alerts by the first one only (GitHub Docs, "SARIF support for code scanning").
    partialFingerprints: { primaryLocationLineHash: `${fingerprint}:1`, 'podIdentityFinding/v1': fingerprint },
  };
}

/** Returns, for example, `clusters/prod/payments/Deployment/ledger`. */
const pathOf = (cluster: string, { kind, namespace, name }: ObjectName): string =>
  ['clusters', cluster, ...(namespace === undefined ? [] : [namespace]), kind, name].map(encodeURIComponent).join('/');
