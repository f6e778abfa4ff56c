import { placeText, usesOf } from '../policies/sources.ts';
import type { JudgedChange } from './judge.ts';
import { OPERATORS } from './operators/catalogue.ts';
import { isOpen, lineOfChange } from './text.ts';

/** Returns the changes that no probe notices in SARIF 2.1.0 (OASIS), for code scanning. */
export const sarifLog = (judged: readonly JudgedChange[], version: string): object => ({
  $schema: 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json',
  version: '2.1.0',
  runs: [
    {
      tool: {
        driver: {
          name: 'eks-pod-identity-conformance loosen',
          version,
          rules: Object.entries(OPERATORS).map(([id, { title, does, source }]) => ({
            id,
            shortDescription: { text: title },
            fullDescription: { text: does },
            helpUri: source.url,
          })),
        },
      },
      results: judged.filter(isOpen).map((one) => ({
        ruleId: one.change.operator,
        level: one.state === 'survived' ? 'warning' : 'note',
        message: { text: [one.change.text, one.sentence ?? one.reason].filter(Boolean).join('. ') },
        locations: [
          {
            physicalLocation: {
              artifactLocation: { uri: one.source.file },
              region: { startLine: lineOfChange(one) ?? 1 },
            },
            logicalLocations: [{ fullyQualifiedName: placeText({ ...one.source, uses: usesOf(one.source) }) }],
          },
        ],
        partialFingerprints: { primaryLocationLineHash: `${one.id}:1` },
        ...(one.isNew !== undefined && { baselineState: one.isNew ? 'new' : 'unchanged' }),
      })),
    },
  ],
});
