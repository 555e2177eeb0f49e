import { Fragment, type ReactNode } from "react";
import { Link } from "../../components/Link";
import { TableHolder } from "../../components/TableHolder";
import { type Block, blocksOf, type Inline, stepIdOf } from "./markdown";

/** A Markdown text as elements; steps in it are drawn by who shows it. */
export function Markdown(props: {
  text: string;
  step?: (id: string) => ReactNode;
  /** Whether the title is left out, since the page has one. */
  isUntitled?: boolean;
}): ReactNode {
  const blocks = blocksOf(props.text);
  const [first] = blocks;
  const shown =
    props.isUntitled && first?.kind === "heading" && first.level === 1 ? blocks.slice(1) : blocks;
  return (
    <div className="markdown">
      {shown.map((block, place) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: blocks of one text never move.
        <BlockOf key={place} block={block} step={props.step} />
      ))}
    </div>
  );
}

function BlockOf(props: {
  block: Block;
  step: ((id: string) => ReactNode) | undefined;
}): ReactNode {
  const { block, step } = props;
  switch (block.kind) {
    case "heading": {
      const Tag = block.level <= 2 ? "h2" : block.level === 3 ? "h3" : "h4";
      return (
        <Tag>
          <Parts inline={block.inline} />
        </Tag>
      );
    }
    case "list": {
      const Tag = block.isOrdered ? "ol" : "ul";
      return (
        <Tag>
          {block.items.map((item, place) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: items of one text never move.
            <li key={place}>
              <Parts inline={item} />
            </li>
          ))}
        </Tag>
      );
    }
    case "code":
      if (block.language === "wk-step" && step) return step(stepIdOf(block.text));
      return (
        <pre className="command">
          <code>{block.text}</code>
        </pre>
      );
    case "table":
      return <TableOf head={block.head} rows={block.rows} />;
    case "rule":
      return <hr />;
    case "quote":
      return (
        <blockquote>
          <Parts inline={block.inline} />
        </blockquote>
      );
    default:
      return (
        <p>
          <Parts inline={block.inline} />
        </p>
      );
  }
}

function TableOf({ head, rows }: { head: Inline[][]; rows: Inline[][][] }): ReactNode {
  const isTitled = head.some((cell) => cell.length > 0);
  return (
    <TableHolder label="Table">
      <table className="fitted">
        {isTitled ? (
          <thead>
            <tr>
              {head.map((cell, place) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: cells of one text never move.
                <th key={place} scope="col">
                  <Parts inline={cell} />
                </th>
              ))}
            </tr>
          </thead>
        ) : null}
        <tbody>
          {rows.map((row, line) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: rows of one text never move.
            <tr key={line}>
              {row.map((cell, place) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: cells of one text never move.
                <td key={place}>
                  <Parts inline={cell} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </TableHolder>
  );
}

function Parts({ inline }: { inline: Inline[] }): ReactNode {
  return inline.map((part, place) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: parts of one line never move.
    <Fragment key={place}>{partOf(part)}</Fragment>
  ));
}

function partOf(part: Inline): ReactNode {
  if (part.kind === "code") return <code>{part.text}</code>;
  if (part.kind === "strong") return <b>{part.text}</b>;
  if (part.kind === "em") return <em>{part.text}</em>;
  if (part.kind !== "link") return part.text;
  if (part.href.startsWith("/"))
    return <Link to={{ path: [part.href], query: {} }}>{part.text}</Link>;
  return (
    <a href={part.href} target="_blank" rel="noreferrer">
      {part.text}
    </a>
  );
}
