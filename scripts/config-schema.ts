import * as z from 'zod';
import type { OptionSpec } from '../foundation/node/options.ts';
import { OPTIONS } from '../harness/config/options.ts';

export const configSchema = z
  .strictObject(
    Object.fromEntries(
      OPTIONS.filter(({ commandLineOnly }) => commandLineOnly !== true).map((option) => [
        option.name,
        valueOf(option).describe(option.help).optional(),
      ]),
    ),
  )
  .describe('Options of a conformance run (docs/command-line.md, "Config file").');

function valueOf({ kind, choices = [], minimum = 0, maximum, fraction, form }: OptionSpec): z.ZodType {
  const text = form === undefined ? z.string().min(1) : z.string().regex(form.pattern);
  switch (kind) {
    case 'flag':
      return z.boolean();
    case 'number': {
      const number = fraction === true ? z.number() : z.int();
      return maximum === undefined ? number.min(minimum) : number.min(minimum).max(maximum);
    }
    case 'choice':
      return z.enum(choices);
    case 'list':
      return z.union([text, z.array(text)]);
    case 'text':
      return text;
  }
}
