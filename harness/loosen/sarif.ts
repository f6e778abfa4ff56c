import { sarif } from '../../foundation/node/sarif.ts';
import { placeText, usesOf } from '../policies/sources.ts';
import type { JudgedChange } from './judge.ts';
import { OPERATORS } from './operators/catalogue.ts';
import { isOpen, lineOfChange } from './text.ts';

/** Returns the changes that no probe notices in SARIF, for code scanning. */
export const sarifLog = (judged: readonly JudgedChange[], version: string): object =>
  sarif({
    command: 'loosen',
    version,
    rules: Object.entries(OPERATORS).map(([id, { title, does, source }]) => ({
      id,
      shortDescription: { text: title },
      fullDescription: { text: does },
      helpUri: source.url,
    })),
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
  });
