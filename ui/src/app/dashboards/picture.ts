/** A dashboard as one picture: charts as they are drawn, tables and numbers as their text. */
export async function pictureOf(board: HTMLElement, title: string): Promise<Blob> {
  const box = board.getBoundingClientRect();
  const scale = 2;
  const canvas = document.createElement("canvas");
  canvas.width = Math.ceil(box.width + 2 * MARGIN) * scale;
  canvas.height = Math.ceil(box.height + 2 * MARGIN + HEAD) * scale;
  const paint = canvas.getContext("2d");
  if (!paint) throw new Error("This browser cannot draw pictures.");
  paint.scale(scale, scale);
  const style = getComputedStyle(document.documentElement);
  const token = (name: string) => style.getPropertyValue(`--${name}`).trim();
  paint.fillStyle = token("paper");
  paint.fillRect(0, 0, canvas.width, canvas.height);
  paint.textBaseline = "middle";
  paint.fillStyle = token("text");
  paint.font = `650 17px ${token("sans")}`;
  paint.fillText(title, MARGIN, MARGIN + 8);
  paint.translate(MARGIN - box.left, MARGIN + HEAD - box.top);
  for (const words of textsOf(board)) drawWords(paint, words);
  for (const chart of board.querySelectorAll<HTMLElement>(".chart")) await drawChart(paint, chart);
  return new Promise((done, fail) =>
    canvas.toBlob(
      (blob) => (blob ? done(blob) : fail(new Error("The picture is too large."))),
      "image/png",
    ),
  );
}

const MARGIN = 24;
const HEAD = 36;

/** Texts outside of charts, each a line as the browser has broken it. */
function textsOf(board: HTMLElement): Text[] {
  const walker = document.createTreeWalker(board, NodeFilter.SHOW_TEXT, (node) =>
    node.parentElement?.closest(".chart, button, .hidden-visually, svg, caption")
      ? NodeFilter.FILTER_REJECT
      : NodeFilter.FILTER_ACCEPT,
  );
  const found: Text[] = [];
  while (walker.nextNode())
    if (walker.currentNode.nodeValue?.trim()) found.push(walker.currentNode as Text);
  return found;
}

function drawWords(paint: CanvasRenderingContext2D, words: Text): void {
  const style = words.parentElement ? getComputedStyle(words.parentElement) : null;
  if (!style || style.visibility === "hidden") return;
  paint.fillStyle = style.color;
  paint.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
  for (const line of linesOf(words)) paint.fillText(line.text, line.left, line.middle);
}

function linesOf(words: Text): { text: string; left: number; middle: number }[] {
  const range = document.createRange();
  const text = words.nodeValue ?? "";
  const lines: { text: string; left: number; middle: number }[] = [];
  let top = Number.NaN;
  for (const piece of text.matchAll(/\S+\s*/g)) {
    range.setStart(words, piece.index);
    range.setEnd(words, piece.index + piece[0].length);
    const box = range.getClientRects()[0];
    if (!box) continue;
    const last = lines.at(-1);
    if (last && Math.abs(box.top - top) < 4) last.text += piece[0];
    else lines.push({ text: piece[0], left: box.left, middle: box.top + box.height / 2 });
    top = box.top;
  }
  return lines;
}

async function drawChart(paint: CanvasRenderingContext2D, chart: HTMLElement): Promise<void> {
  const box = chart.getBoundingClientRect();
  const drawn = chart.querySelector("canvas");
  if (drawn) {
    paint.drawImage(drawn, box.left, box.top, box.width, box.height);
    return;
  }
  const svg = chart.querySelector("svg");
  if (!svg) return;
  const text = new XMLSerializer().serializeToString(svg);
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  await image.decode();
  paint.drawImage(image, box.left, box.top, box.width, box.height);
}
