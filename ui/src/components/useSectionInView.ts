import { useEffect, useState } from "react";

const LINE = 140;

/** The part of the page that the reader is in: the last whose top is above a line near the top. */
export function useSectionInView(ids: readonly string[], isActive: boolean): string | undefined {
  const [found, setFound] = useState<string | undefined>(ids[0]);
  const key = ids.join(" ");
  useEffect(() => {
    if (!isActive) return;
    const find = () => {
      const names = key.split(" ");
      const above = names.filter((id) => {
        const top = document.getElementById(id)?.getBoundingClientRect().top;
        return top !== undefined && top < LINE;
      });
      const isAtEnd = innerHeight + scrollY >= document.documentElement.scrollHeight - 2;
      setFound(isAtEnd && scrollY > 0 ? names.at(-1) : (above.at(-1) ?? names[0]));
    };
    find();
    addEventListener("scroll", find, { passive: true });
    return () => removeEventListener("scroll", find);
  }, [key, isActive]);
  return isActive ? found : undefined;
}
