/** Removes declarations outside the public API, so that users' compilers do not need the types of bundled packages. */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';

/** Writes out types inferred from a schema, whose package is bundled. @param {string} folder @param {string} source */
export function expandTypes(folder, source) {
  const { config } = ts.readConfigFile('tsconfig.json', ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, '.');
  const program = ts.createProgram([source], options);
  const file = program.getSourceFile(source);
  const checker = program.getTypeChecker();
  const { NoTruncation, InTypeAlias } = ts.TypeFormatFlags;
  const types = file.statements.filter(ts.isTypeAliasDeclaration).map(({ name }) => {
    const type = checker.getTypeAtLocation(name);
    const text = checker.typeToString(type, file, NoTruncation | InTypeAlias);
    return `export type ${name.text} = ${text};\n`;
  });
  writeFileSync(join(folder, source.replace(/\.ts$/, '.d.ts')), types.join(''));
}

/** @param {string} folder folder of the declarations @param {string[]} entries files with the public API */
export function pruneTypes(folder, entries) {
  const files = new Map();
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }))
    if (name.endsWith('.d.ts')) files.set(join(folder, name), read(join(folder, name)));
  const kept = new Set();
  const needed = new Set();

  const all = (path) => {
    const file = files.get(path);
    for (const name of [...file.exported, ...file.reexports.keys()]) reach(path, name);
    for (const from of file.stars) kept.add(from.node) && all(from.path);
  };
  const reach = (path, name) => {
    const key = `${path}#${name}`;
    const file = files.get(path);
    if (file === undefined || needed.has(key)) return;
    const told = file.imports.get(name) ?? file.reexports.get(name);
    if (told !== undefined || file.declared.has(name)) needed.add(key);
    if (told !== undefined) reach(told.path, told.name);
    for (const statement of file.declared.get(name) ?? []) {
      kept.add(statement);
      named(statement, path, reach);
    }
    if (told !== undefined || file.declared.has(name)) return;
    for (const from of file.stars) kept.add(from.node) && reach(from.path, name);
  };
  for (const entry of entries) all(join(folder, entry));

  for (const [path, file] of files) {
    const wanted = (specifier) => needed.has(`${path}#${specifier.name.text}`);
    const text = file.statements.map((statement) => print(statement, kept, wanted)).filter((part) => part !== '');
    if (text.every((part) => part === 'export {};')) rmSync(path);
    else writeFileSync(path, `${text.join('\n')}\n`);
  }
}

/** Reads the declarations by name, the imports and the re-exports of a file. */
function read(path) {
  const { statements } = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true);
  const file = { statements, declared: new Map(), exported: [], imports: new Map(), reexports: new Map(), stars: [] };
  const declare = (name, statement) => {
    file.declared.set(name, [...(file.declared.get(name) ?? []), statement]);
    if (statement.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)) file.exported.push(name);
  };
  const specifiers = (list, node, to) => {
    for (const { name, propertyName } of list)
      to.set(name.text, { path: target(path, node), name: (propertyName ?? name).text });
  };
  for (const statement of statements) {
    if (ts.isImportDeclaration(statement)) {
      const bindings = statement.importClause?.namedBindings;
      if (bindings && ts.isNamedImports(bindings)) specifiers(bindings.elements, statement, file.imports);
    } else if (ts.isExportDeclaration(statement)) {
      const { exportClause, moduleSpecifier } = statement;
      if (exportClause && ts.isNamedExports(exportClause) && moduleSpecifier)
        specifiers(exportClause.elements, statement, file.reexports);
      else if (moduleSpecifier) file.stars.push({ node: statement, path: target(path, statement) });
    } else if (ts.isVariableStatement(statement)) {
      for (const { name } of statement.declarationList.declarations) declare(name.text, statement);
    } else if (statement.name) declare(statement.name.text, statement);
  }
  return file;
}

const target = (path, { moduleSpecifier }) => join(dirname(path), moduleSpecifier.text.replace(/\.ts$/, '.d.ts'));

/** Calls `reach` for each name that a declaration refers to. */
function named(node, path, reach) {
  const leftmost = (name) => (ts.isIdentifier(name) ? name.text : leftmost(name.left ?? name.expression));
  if (ts.isTypeReferenceNode(node)) reach(path, leftmost(node.typeName));
  else if (ts.isTypeQueryNode(node) && !ts.isImportTypeNode(node.exprName)) reach(path, leftmost(node.exprName));
  else if (ts.isExpressionWithTypeArguments(node)) reach(path, leftmost(node.expression));
  else if (ts.isImportTypeNode(node) && node.qualifier)
    reach(target(path, { moduleSpecifier: node.argument.literal }), leftmost(node.qualifier));
  ts.forEachChild(node, (child) => named(child, path, reach));
}

function print(statement, kept, wanted) {
  const bindings = ts.isImportDeclaration(statement)
    ? statement.importClause?.namedBindings
    : ts.isExportDeclaration(statement)
      ? statement.exportClause
      : undefined;
  if (bindings?.elements && statement.moduleSpecifier) {
    const names = bindings.elements.filter(wanted).map((element) => element.getText().replace(/^type /, ''));
    const word = ts.isImportDeclaration(statement) ? 'import' : 'export';
    const type = bindings.elements.filter(wanted).every(({ isTypeOnly }) => isTypeOnly) || statement.isTypeOnly;
    if (names.length === 0) return '';
    return `${word} ${word === 'import' || type ? 'type ' : ''}{ ${names.join(', ')} } from ${statement.moduleSpecifier.getText()};`;
  }
  // `export {}` makes declarations without `export` private.
  return kept.has(statement) || (bindings?.elements && !statement.moduleSpecifier)
    ? statement.getFullText().trim()
    : '';
}
