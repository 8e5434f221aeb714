import { type RefObject, useEffect } from "react";

const marked = new Set<string>();

function mark(id: string): void {
  if (marked.has(id)) return;
  marked.add(id);
  performance.mark(`incident-visible:${id}`);
}

/** A mark in the browser's own timeline, so that the way from camera to eye can be measured. */
export function useMarkWhenVisible(ref: RefObject<Element | null>, id: string): void {
  useEffect(() => {
    const element = ref.current;
    if (!element || marked.has(id) || typeof IntersectionObserver === "undefined") return;
    const observer = new IntersectionObserver((entries) => {
      if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
      mark(id);
      observer.disconnect();
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, [ref, id]);
}
