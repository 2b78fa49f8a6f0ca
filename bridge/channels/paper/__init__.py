"""The paper channel: a received message becomes sheets in an envelope (I1).

parts → text, attached PDFs, names of the rest     cover, pages, attached_pdf → one PDF, with what is wrong of it
press        the same in a process of its own, limited in time and memory: a hostile PDF stops nobody else
reference    what stands on the sheet, so that a returned envelope is known again
printer      IPP (ipp/) or a hot folder; `carrier` is what the outbox calls
"""
