import type { LiveMessage, Text, XmlElement } from "./model.ts";
import { EBUTTP, LIVE_MESSAGE } from "./namespaces.ts";
import { find } from "./root.ts";

/** Reads a live message from its element. */
export function messageOf(element: XmlElement): LiveMessage {
  const header = child(element, "header");
  const text = (name: string) => {
    const found = header && child(header, name);
    return found && textOfElement(found);
  };
  const payload = child(element, "payload");
  return {
    kind: "message",
    sequenceIdentifier: find(element.attributes, EBUTTP, "sequenceIdentifier"),
    type: text("type"),
    sender: text("sender"),
    recipients: children(header, "recipient").map(textOfElement),
    payload: payload && textOfElement(payload),
    element,
  };
}

function child(parent: XmlElement, localName: string): XmlElement | undefined {
  return children(parent, localName)[0];
}

function children(parent: XmlElement | undefined, localName: string): XmlElement[] {
  const isIt = (node: XmlElement | Text) =>
    node.kind === "element" &&
    node.localName === localName &&
    (node.namespace === LIVE_MESSAGE || node.namespace === "");
  return (parent?.children ?? []).filter(isIt) as XmlElement[];
}

/** Returns all text in an element. */
export function textOfElement({ children }: XmlElement): string {
  return children.map((node) => (node.kind === "text" ? node.text : textOfElement(node))).join("");
}
