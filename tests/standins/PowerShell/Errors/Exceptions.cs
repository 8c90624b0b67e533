namespace System.Management.Automation;

/// <summary>An error that brings its record along.</summary>
public class RuntimeException(string message, string errorId, ErrorCategory category, object? target = null, Exception? innerException = null)
    : Exception(message, innerException)
{
    public ErrorRecord ErrorRecord => field ??= new ErrorRecord(this, errorId, category, target);
}

public class ParameterBindingException : RuntimeException
{
    internal ParameterBindingException(
        string message, string errorId, ErrorCategory category = ErrorCategory.InvalidArgument, Exception? innerException = null)
        : base(message, errorId, category, null, innerException)
    {
    }
}

public sealed class CommandNotFoundException : RuntimeException
{
    internal CommandNotFoundException(string name)
        : base(
            $"The term '{name}' is not recognized as a name of a cmdlet, function, script file, or executable program.\n"
                + "Check the spelling of the name, or if a path was included, verify that the path is correct and try again.",
            "CommandNotFoundException",
            ErrorCategory.ObjectNotFound,
            name)
    {
    }
}

public sealed class PSInvalidOperationException : RuntimeException
{
    internal PSInvalidOperationException(string message)
        : base(message, "InvalidOperation", ErrorCategory.InvalidOperation)
    {
    }
}

/// <summary>A value is not to be had as the type that is wanted.</summary>
public sealed class PSInvalidCastException : RuntimeException
{
    internal PSInvalidCastException(string message, Exception? innerException = null)
        : base(message, "InvalidCast", ErrorCategory.InvalidArgument, null, innerException)
    {
    }
}

public class ArgumentTransformationMetadataException : RuntimeException
{
    public ArgumentTransformationMetadataException(string message)
        : this(message, null)
    {
    }

    public ArgumentTransformationMetadataException(string message, Exception? innerException)
        : base(message, "RuntimeException", ErrorCategory.MetadataError, null, innerException)
    {
    }
}

public sealed class WildcardPatternException : RuntimeException
{
    internal WildcardPatternException(string pattern)
        : base($"The specified wildcard character pattern is not valid: {pattern}", "WildcardPattern_Invalid", ErrorCategory.InvalidArgument)
    {
    }
}

/// <summary>The pipeline ends: Ctrl-C, or an error in another command of it.</summary>
public class PipelineStoppedException() : RuntimeException("The pipeline has been stopped.", "PipelineStopped", ErrorCategory.OperationStopped);
