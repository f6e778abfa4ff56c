import type { Sentence } from 'nlcst';
import { toString } from 'nlcst-to-string';
import retextEnglish from 'retext-english';
import { unified } from 'unified';
import { visit } from 'unist-util-visit';
import type { Documented } from './texts.ts';

const MOST_WORDS = 30;
const MOST_COMMAS = 4;

/** Patterns of sentences that readers stop at, each with what to write. */
const PATTERNS: readonly (readonly [RegExp, string])[] = [
  [/^Of (?!course)/, 'Begin with the subject, not with "Of ...".'],
  [/\bin vain\b/i, 'Say what timed out or failed, not "in vain".'],
  [/\banew\b/i, 'Write "again", or a verb with "re".'],
  [/\bthat there (?:is|are|was|were)(?: not)?(?=[,.;:)]|$| not\b| none\b)/i, 'Write "does not exist", or "available".'],
  [
    /\b(?:told|tells?|telling) (?:of|that|how|whether|what|apart)\b|\b(?:is|are|was|were|be|been|not|as) told\b/i,
    'Write "report", "say" or "distinguish".',
  ],
  [
    /\bwhat (?:is|are|was|were|has|have|had|does|did) (?!(?:the|a|an|this|that|your|its|it|Name)\b)/i,
    'Replace the clause by a noun.',
  ],
  [/\b(?:whoever|whomever|whatever|whichever|whom)\b/i, 'Name who or what.'],
  [/\bahead of\b/i, 'Write "before".'],
  [/\bbeside\b/i, 'Write "next to", "during" or "as well as".'],
  [/\bin force\b/i, 'Write "effective" or "applies".'],
  [/\bso many\b/i, 'Write "as many", or the number.'],
  [/\ball that\b/i, 'Write "everything", or name it.'],
  [/\b(?:nobody|nothing) (?:can )?(?:tells?|knows?|says?)\b/i, 'Write "unknown".'],
  [/\b(?:is|are|was|were) none\b/i, 'Write "is not a ...".'],
];

/** Without relative clauses, whose verbs say nothing of the sentence. */
const withoutClauses = (sentence: string): string =>
  sentence.replace(/\b(?:that|which|whom?|whose|where|when|if|unless|until|because|as|so) [^,;:.]*/gi, '');
const VERB =
  /\b(?:is|are|was|were|has|have|may|must|can|cannot|do|does|did|will|needs?|counts?|begins?|stays?|means|applies|belongs?|differs?|replaces?|takes|gets|becomes?|remains?|ends|works|cover|lists|trusts|starts|serves)\b/;

/**
 * Fragments in docstrings, by what they document. A function needs a verb ("Returns the name."). A value may have a noun, a unit or a
 * key ("In seconds."; "By ARN."), but no other phrase.
 */
const FRAGMENTS: Readonly<Record<Documented, { is(sentence: string): boolean; readonly advice: string }>> = {
  function: {
    is: (sentence) => /^(?:An?|The|How|Why|What|Which) /.test(sentence) && !VERB.test(withoutClauses(sentence)),
    advice: 'Begin with a verb, such as "Returns".',
  },
  value: {
    is: (sentence) =>
      /^(?:With|From|Until|Between|To|Also|Of|For) (?!example\b)/.test(sentence) &&
      !VERB.test(withoutClauses(sentence.replace(/^[^,:]*/, ''))),
    advice: 'Begin with a noun: say what the value is.',
  },
};

/** Messages of AWS. */
const QUOTED = [/does not match what was computed/];

const parser = unified().use(retextEnglish).freeze();

/** Enumerations of names are long and easy to read. */
const isList = (sentence: string): boolean => (sentence.match(/[,;]/g) ?? []).length >= MOST_COMMAS;

/** Returns a sentence with an advice for each finding. `doc`: what the text documents, if it begins a docstring. */
export function problemsOf(text: string, doc?: Documented): readonly string[] {
  const problems: string[] = [];
  visit(parser.parse(text), 'SentenceNode', (sentence: Sentence, index) => {
    const sentenceText = toString(sentence);
    if (doc !== undefined && index === 0 && FRAGMENTS[doc].is(sentenceText))
      problems.push(`${FRAGMENTS[doc].advice} ${sentenceText}`);
    const words = sentence.children.filter(({ type }) => type === 'WordNode').length;
    if (words > MOST_WORDS && !isList(sentenceText))
      problems.push(`Split a sentence of ${words} words (at most ${MOST_WORDS}): ${sentenceText}`);
    if (QUOTED.some((quotation) => quotation.test(sentenceText))) return;
    for (const [pattern, advice] of PATTERNS)
      if (pattern.test(sentenceText)) problems.push(`${advice} ${sentenceText}`);
  });
  return problems;
}
