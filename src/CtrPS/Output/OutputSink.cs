using System.Text;
using CtrPS.Commands;

namespace CtrPS.Output;

/// <summary>Writes what a process writes to the pipeline. Used on the pipeline's thread only.</summary>
internal abstract class OutputSink
{
    /// <summary>A piece of output.</summary>
    public abstract void Take(ProcessOutput piece);

    /// <summary>There is no more.</summary>
    public abstract void End();

    /// <summary>Writes standard output as lines, or as bytes as they come.</summary>
    /// <param name="cmdlet">The cmdlet that writes.</param>
    /// <param name="format">How.</param>
    /// <param name="target">Where it comes from, for the records of standard error.</param>
    public static OutputSink ToPipeline(CtrCmdlet cmdlet, OutputFormat format, object target) => new PipelineSink(cmdlet, format, target);

    private sealed class PipelineSink(CtrCmdlet cmdlet, OutputFormat format, object target) : OutputSink
    {
        private readonly LineSplitter _output = new(format.Encoding);
        private readonly LineSplitter _error = new(format.Encoding);

        public override void Take(ProcessOutput piece)
        {
            if (!piece.IsError)
            {
                WriteOutput(piece, _output);
            }
            else if (format.Error == CtrErrorStream.Output)
            {
                WriteOutput(piece, _error);
            }
            else if (format.Error == CtrErrorStream.Error)
            {
                WriteErrors(_error.Add(piece.Bytes));
            }
        }

        public override void End()
        {
            WriteLines(_output.End());
            if (format.Error == CtrErrorStream.Output)
            {
                WriteLines(_error.End());
            }
            else
            {
                WriteErrors(_error.End());
            }
        }

        private void WriteOutput(ProcessOutput piece, LineSplitter lines)
        {
            if (format.AsByteStream)
            {
                cmdlet.WriteObject(piece.Bytes, enumerateCollection: false);
            }
            else
            {
                WriteLines(lines.Add(piece.Bytes));
            }
        }

        private void WriteLines(IEnumerable<string> lines)
        {
            foreach (string line in lines)
            {
                cmdlet.WriteObject(line);
            }
        }

        private void WriteErrors(IEnumerable<string> lines)
        {
            foreach (string line in lines)
            {
                NativeStreams.WriteError(cmdlet, line, target);
            }
        }
    }
}

/// <summary>How the output of a process is written.</summary>
/// <param name="Encoding">Of its text.</param>
/// <param name="Error">Where its standard error goes.</param>
/// <param name="AsByteStream">Write bytes, not lines.</param>
internal sealed record OutputFormat(Encoding Encoding, CtrErrorStream Error, bool AsByteStream);

/// <summary>A piece of what a process wrote.</summary>
/// <param name="IsError">Whether to its standard error.</param>
/// <param name="Bytes">The bytes; nobody else has them.</param>
internal sealed record ProcessOutput(bool IsError, byte[] Bytes);
