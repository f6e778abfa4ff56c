/** Writes the published JSON Schemas (`npm run schemas`). */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { format } from 'prettier';
import * as z from 'zod';
import { caseFileSchema } from '../identity/evaluate/case-file.ts';
import { reportSchema } from '../doctor/judge/report-schema.ts';
import { newAccessSchema } from '../identity/new-access/report-schema.ts';
import { comparisonSchema } from '../harness/compare/comparison-schema.ts';
import { resultsSchema } from '../harness/results/results-schema.ts';
import { worldSchema } from '../harness/standalone/world-schema.ts';
import { configSchema } from './config-schema.ts';
import { policySchema } from './policy-schema.ts';

/** Schemas by path. */
export const PUBLISHED = {
  'doctor/output/doctor.schema.json': reportSchema,
  'identity/evaluate/cases.schema.json': caseFileSchema,
  'identity/new-access/no-new-access.schema.json': newAccessSchema,
  'harness/compare/compare.schema.json': comparisonSchema,
  'identity/policy.schema.json': policySchema,
  'harness/config/config.schema.json': configSchema,
  'harness/report/results.schema.json': resultsSchema,
  'harness/standalone/world.schema.json': worldSchema,
} as const;

/** Converts to JSON Schema 2020-12. The harness ignores unknown properties when it reads files; this schema rejects them. */
export const jsonSchema = (schema: z.ZodType): object =>
  z.toJSONSchema(schema, {
    // Describes files before defaults are filled in.
    io: 'input',
    override: ({ jsonSchema: part }) => {
      if (part.properties !== undefined) part.additionalProperties ??= false;
      if (part.maximum === Number.MAX_SAFE_INTEGER) delete part.maximum;
      if (part.propertyNames !== undefined && Object.keys(part.propertyNames).join() === 'type')
        delete part.propertyNames;
      delete part.default;
    },
  });

if (process.argv[1] === fileURLToPath(import.meta.url))
  for (const [path, schema] of Object.entries(PUBLISHED))
    writeFileSync(path, await format(JSON.stringify(jsonSchema(schema)), { filepath: path, printWidth: 120 }));
