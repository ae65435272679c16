"""Import: choose a file, see how it would be read, and let the server read it in."""

from workbench.ui.importing import chosen_file, draw_choice, opened_job
from workbench.ui.importing_job import draw_job
from workbench.ui.importing_preview import draw_preview

job, file = opened_job(), chosen_file()
if job is not None:
    draw_job(job)
elif file is not None:
    draw_preview(file)
else:
    draw_choice()
