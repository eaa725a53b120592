"""The pages beside the report: one for each side of the company that a manager answers for.

Belongs here: what each page reads and how it tells it. Not here: the report's first page
(`figures`, `glance`), the palette (`charts`), the release itself (`build`).
"""
